//! The log tells of every request, and nothing that the service leaves anywhere tells what is secret.

use std::path::Path;
use std::process::Command;

use base64ct::{Base64, Encoding};
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};

use crate::harness::client::import_request;
use crate::harness::daemon::field;
use crate::harness::installation::NO_POOL;
use crate::harness::material::Wrapper;
use crate::harness::openssl::hex;
use crate::harness::{Daemon, Installation, Plaintext, Settings, softhsm};
use crate::pool::told;

/// How bytes would look in a log, however they got there: hex, base64, or the list that `{:?}` prints.
fn faces(bytes: &[u8]) -> Vec<String> {
    // Whole, and the end alone: the beginnings of tokens and of DER are the same for all.
    let (whole, end) = (bytes, &bytes[bytes.len() - 12..]);
    let list = format!("{end:?}").trim_matches(['[', ']']).to_owned();
    let base64 = Base64::encode_string(whole).trim_end_matches('=').to_owned();
    vec![hex(end), hex(end).to_uppercase(), list, base64]
}

/// What root sees who takes an image of the process: `None` where there is no gcore, or this is not root.
#[allow(clippy::print_stderr)]
fn core_image(daemon: &Daemon) -> Option<Vec<u8>> {
    let stem = daemon.installation.file("core");
    let taken = Command::new("gcore").arg("-o").arg(&stem).arg(daemon.pid().to_string()).output();
    let image = stem.with_extension(daemon.pid().to_string());
    match taken {
        Ok(output) if output.status.success() => Some(std::fs::read(image).unwrap()),
        why => {
            eprintln!("skipped: a core image is taken by root with gcore, from gdb: {why:?}");
            None
        }
    }
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn contents(folder: &Path, name: &str) -> Vec<u8> {
    let found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = found.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(name));
    named.flat_map(|path| std::fs::read(path).unwrap()).collect()
}

#[tokio::test]
async fn the_log_has_every_request_and_nothing_that_is_left_anywhere_a_secret() {
    // As talkative as it can be made, dependencies included.
    let more = format!("{NO_POOL}[metrics]\nlisten = \"127.0.0.1:0\"\n");
    let settings = Settings { more, ..Settings::default() };
    let daemon = Daemon::serve(Installation::new(settings), &[("KEYFERRY__LOG__LEVEL", "trace")]);
    let client = daemon.client().await;
    let mut secrets = vec![("the PIN", softhsm::PIN.to_owned())];
    let mut raw = vec![("the PIN", softhsm::PIN.as_bytes().to_vec())];
    let mut requests = Vec::new();
    for (spec, usage, algorithm) in [
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, WrappingAlgorithm::RsaesOaepSha256),
        (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac, WrappingAlgorithm::RsaesOaepSha1),
        (KeySpec::EccNistP256, KeyUsage::SignVerify, WrappingAlgorithm::RsaAesKeyWrapSha256),
    ] {
        let key = client.create_external(spec, usage).await;
        let set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
        let material = Plaintext::for_spec(spec);
        let good = material.wrap(Wrapper::OpenSsl, algorithm, &set.public_key);
        let mut flipped = good.clone();
        flipped[100] ^= 1;
        let mut altered = import_request(&set, good.clone());
        *altered.import_token.last_mut().unwrap() ^= 1;
        for wrong in [import_request(&set, flipped.clone()), import_request(&set, good[1..].to_vec()), altered] {
            requests.push(client.import(wrong).await.unwrap_err().request_id);
        }
        client.import(import_request(&set, good.clone())).await.unwrap();
        let all = [
            ("material", &material.bytes),
            ("an import token", &set.import_token),
            ("a ciphertext", &good),
            ("a ciphertext", &flipped),
        ];
        raw.push(("material", material.bytes.to_vec()));
        secrets.extend(all.into_iter().flat_map(|(what, bytes)| faces(bytes).into_iter().map(move |face| (what, face))));
    }
    let private_key = daemon.installation.file("server-key.pem");
    let pem = std::fs::read_to_string(private_key).unwrap();
    secrets.extend(
        pem.lines()
            .filter(|line| !line.starts_with('-') && line.len() >= 24)
            .map(|line| ("the server's key", line.to_owned())),
    );
    drop(client);
    let metrics = daemon.wait_for_log(|line| field(line, "message") == "metrics");
    let metrics = told::get(field(&metrics, "address").as_str().unwrap(), "/metrics");
    let core = core_image(&daemon);

    let (installation, log) = daemon.terminate_with_log();
    let folder = installation.database().parent().unwrap().to_owned();
    let places = [
        ("the log", log.clone().into_bytes()),
        ("the audit log", contents(&folder, "audit.jsonl")),
        ("the database", contents(&folder, "keyferry.db")),
        ("the metrics", metrics.into_bytes()),
        ("a core image", core.unwrap_or_default()),
    ];
    assert!(places[..4].iter().all(|(_, bytes)| bytes.len() > 500), "something is not there");
    for request in requests {
        assert!(log.contains(&request), "request {request} is not in the log");
    }
    let secrets = secrets.into_iter().map(|(what, secret)| (what, secret.into_bytes())).chain(raw);
    for (what, secret) in secrets {
        assert!(secret.len() >= 12, "too short to tell: {what}");
        for (place, bytes) in &places {
            assert!(!holds(bytes, &secret), "{what} is in {place}");
        }
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "not JSON: {line}");
    }
}

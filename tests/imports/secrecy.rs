//! The log tells of every request, and nothing that is secret.

use base64ct::{Base64, Encoding};
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};

use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::openssl::hex;
use crate::harness::{Daemon, Installation, Plaintext, Settings, softhsm};

/// How bytes would look in a log, however they got there: hex, base64, or the list that `{:?}` prints.
fn faces(bytes: &[u8]) -> Vec<String> {
    // Whole, and the end alone: the beginnings of tokens and of DER are the same for all.
    let (whole, end) = (bytes, &bytes[bytes.len() - 12..]);
    let list = format!("{end:?}").trim_matches(['[', ']']).to_owned();
    let base64 = Base64::encode_string(whole).trim_end_matches('=').to_owned();
    vec![hex(end), hex(end).to_uppercase(), list, base64]
}

#[tokio::test]
async fn the_log_has_every_request_and_no_secret() {
    // As talkative as it can be made, dependencies included.
    let daemon = Daemon::serve(Installation::new(Settings::default()), &[("KEYFERRY__LOG__LEVEL", "trace")]);
    let client = daemon.client().await;
    let mut secrets = vec![("the PIN", softhsm::PIN.to_owned())];
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

    let (_installation, log) = daemon.terminate_with_log();
    for request in requests {
        assert!(log.contains(&request), "request {request} is not in the log");
    }
    for (what, secret) in secrets {
        assert!(secret.len() >= 12, "too short to tell: {what}");
        assert!(!log.contains(&secret), "{what} is in the log");
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "not JSON: {line}");
    }
}

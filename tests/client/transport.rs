//! The way to the service: how long it may take, whom to believe, which Region, and what is never told of it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use serde_json::Value;

use super::desk::Desk;
use super::outputs::parameters;
use crate::harness::{Daemon, Plaintext, openssl};

const SECOND: Duration = Duration::from_secs(1);

/// Somebody who takes connections and says nothing on them, or only what opens HTTP/2.
fn silent(greeting: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(greeting).unwrap();
            held.push(stream);
        }
    });
    url
}

#[test]
fn an_answer_that_does_not_come_is_waited_for_as_long_as_was_said() {
    let desk = Desk::bare();
    // An empty SETTINGS frame (RFC 9113, section 6.5).
    let url = silent(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    let began = Instant::now();
    let run = desk.run(&["list-keys", "--endpoint-url", &url, "--cli-read-timeout", "1"]);
    let took = began.elapsed();
    assert_eq!(run.code, 255, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "\nthe connection was lost, and what was asked may be done or not: there was no answer in time\n\
         Look whether it is done before you ask again, and give it more time: --cli-read-timeout SECONDS, 0 for ever\n"
    );
    assert!(took >= SECOND && took < 20 * SECOND, "{took:?}");
    // From the profile, too; and the flag is before it.
    desk.write("config.toml", "[default]\ncli_read_timeout = 1\n[slow]\ncli_read_timeout = 60\n");
    for arguments in [&["list-keys"][..], &["list-keys", "--profile", "slow", "--cli-read-timeout", "1"]] {
        let mut command = desk.command(arguments);
        command.env("KEYFERRY_CONFIG_FILE", desk.path("config.toml")).env("KEYFERRY_ENDPOINT_URL", &url);
        let began = Instant::now();
        assert_eq!(command.output().unwrap().status.code(), Some(255));
        assert!(began.elapsed() < 20 * SECOND);
    }
}

#[test]
fn a_connection_that_does_not_come_is_waited_for_as_long_as_was_said() {
    let desk = Desk::bare();
    // TLS that is never answered is a connection that is not there yet.
    let url = silent(&[]).replace("http:", "https:");
    desk.write("ca.pem", crate::harness::certificates::Authority::new().certificate);
    let began = Instant::now();
    let arguments = ["list-keys", "--endpoint-url", &url, "--ca-bundle", "ca.pem", "--no-sign-request"];
    let run = desk.run(&[&arguments[..], &["--cli-connect-timeout", "1"]].concat());
    let took = began.elapsed();
    assert_eq!(run.code, 255);
    assert!(run.stderr.contains(&format!("\"{url}\": no connection within 1s\n")), "{}", run.stderr);
    assert!(took >= SECOND && took < 20 * SECOND, "{took:?}");

    // 0 is for ever: it is still there when the other would have gone long ago.
    let mut waiting = desk.command(&[&arguments[..], &["--cli-connect-timeout", "0"]].concat());
    let mut waiting = waiting.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let run = desk.run(&[&arguments[..], &["--cli-connect-timeout", "2"]].concat());
    assert_eq!(run.code, 255);
    assert!(waiting.try_wait().unwrap().is_none(), "it did not wait");
    waiting.kill().unwrap();
    waiting.wait().unwrap();
}

#[test]
fn any_certificate_is_believed_of_this_machine_only_and_the_service_wants_one_of_the_caller() {
    let mut desk = Desk::at(&Daemon::shared());
    desk.unset("KEYFERRY_CA_BUNDLE");
    desk.ok(&["list-keys", "--no-verify-ssl", "--query", "type(Keys)"]);
    let far = desk.run(&["list-keys", "--no-verify-ssl", "--endpoint-url", "https://keyferry.example:8443"]);
    assert_eq!(far.code, 253);
    assert!(
        far.stderr.contains("nobody could tell whom the key material goes to\nLeave --no-verify-ssl away"),
        "{}",
        far.stderr
    );
    for more in [&[][..], &["--region", "us-east-1"]] {
        let unsigned = desk.run(&[&["list-keys", "--no-verify-ssl", "--no-sign-request"], more].concat());
        assert_eq!((unsigned.code, unsigned.stdout.as_str()), (255, ""));
        let advice = "\nThe service wants to see a certificate: leave --no-sign-request away\n";
        assert!(unsigned.stderr.ends_with(advice), "{}", unsigned.stderr);
    }
}

#[test]
fn the_region_is_a_part_of_the_url_or_the_services_own() {
    let mut desk = Desk::at(&Daemon::shared());
    let url = desk.variable("KEYFERRY_ENDPOINT_URL").to_owned();
    let list = ["list-keys", "--query", "type(Keys)", "--output", "text"];
    let with = |region: &'static str| [&list[..], &["--region", region]].concat();
    assert_eq!(desk.ok(&with("us-east-1")), "array\n");
    let wrong = desk.run(&with("mars-north-1"));
    assert_eq!(wrong.code, 253);
    assert_eq!(
        wrong.stderr,
        format!(
            "\nthe service at {url} is of the Region us-east-1, not mars-north-1\nChange --region, or the endpoint URL\n"
        )
    );
    // The port stands for a name that cannot be had without a resolver.
    let (host, port) = url.rsplit_once(':').unwrap();
    desk.set("KEYFERRY_ENDPOINT_URL", &format!("{host}:{{region}}"));
    let mut command = desk.command(&list);
    assert_eq!(command.env("KEYFERRY_REGION", port).output().unwrap().stdout, b"array\n");
    assert_eq!(desk.run(&list).code, 253);
}

#[test]
fn debugging_says_what_is_done_and_never_a_secret() {
    let daemon = Daemon::shared();
    let desk = Desk::at(&daemon);
    let key = desk.create(&["--origin", "EXTERNAL"]);
    let material = Plaintext::aes();
    let got = desk.run(&[&parameters(&key)[..], &["--debug"]].concat());
    assert_eq!(got.code, 0);
    desk.write("parameters.json", &got.stdout);
    let set: Value = serde_json::from_str(&got.stdout).unwrap();
    let bytes = |name: &str| Base64::decode_vec(set[name].as_str().unwrap()).unwrap();
    let (token, spki) = (bytes("ImportToken"), bytes("PublicKey"));
    let blob = material.wrap_simply(&spki);
    desk.write("blob.bin", &blob);
    let input = serde_json::json!({"KeyId": key, "ImportToken": Base64::encode_string(&token), "EncryptedKeyMaterial": Base64::encode_string(&blob)});
    desk.write("input.json", input.to_string());
    let import = ["import-key-material", "--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE", "--debug"];
    let of_options = desk
        .run(&[&import[..], &["--parameters", "parameters.json", "--encrypted-key-material", "fileb://blob.bin"]].concat());
    let of_file = desk.run(&[&import[..], &["--cli-input-json", "file://input.json"]].concat());
    for run in [&of_options, &of_file] {
        assert_eq!(run.code, 0, "{}", run.stderr);
        let said = format!("ImportToken=({} bytes) EncryptedKeyMaterial=(256 bytes)", token.len());
        assert!(run.stderr.contains(&said) && run.stderr.contains("milliseconds="), "{}", run.stderr);
    }
    let private_key: String =
        daemon.installation.importer.private_key.lines().filter(|line| !line.starts_with('-')).collect();
    let private_key = Base64::decode_vec(&private_key).unwrap();
    for (name, secret) in [("token", &token), ("blob", &blob), ("material", &material.bytes), ("private key", &private_key)]
    {
        // Parts, wherever they begin in a group of base64.
        for start in 0..3 {
            let part = &secret[start + 9..start + 9 + 12];
            for (form, text) in [
                ("hex", openssl::hex(part)),
                ("upper-case hex", openssl::hex(part).to_uppercase()),
                ("base64", Base64::encode_string(part)),
                ("numbers", format!("{part:?}").trim_matches(['[', ']']).to_owned()),
                ("escapes", part.escape_ascii().to_string()),
            ] {
                for run in [&got, &of_options, &of_file] {
                    assert!(!run.stderr.contains(&text), "the {name} as {form}:\n{}", run.stderr);
                }
            }
        }
    }
}

#[test]
fn a_reader_that_leaves_ends_nothing_but_the_output() {
    let desk = Desk::at(&Daemon::shared());
    for arguments in [&["list-keys"][..], &["--help"], &["create-key", "--generate-cli-skeleton"], &["completions", "bash"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        // Nobody reads any more when it begins to write.
        drop(reader);
        let mut child = desk.command(arguments).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn an_answer_that_cannot_be_kept_is_no_success() {
    let desk = Desk::at(&Daemon::shared());
    for arguments in [&["get-server-info"][..], &["list-keys", "--generate-cli-skeleton"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let run = super::Run::of(desk.command(arguments).stdout(full).output().unwrap());
        assert_eq!(run.code, 255);
        let said = "\nit is done, but the answer could not be written to the standard output: No space left on device";
        assert!(run.stderr.starts_with(said), "{}", run.stderr);
    }
}

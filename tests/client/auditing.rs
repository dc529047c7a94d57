//! `keyferry audit verify` over logs that the library wrote: what it says, and which line it names.

use keyferry::audit::{Event, Log, Settings};
use keyferry::model::{Action, InstallationId, Timestamp};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{EncodePublicKey, LineEnding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::desk::Desk;
use super::golden::Transcript;

const VERIFY: [&str; 4] = ["audit", "verify", "--trust", "audit.pem"];

/// A desk with a log of two checkpoints and a line after them, `audit.jsonl`, and the key that signed it, `audit.pem`.
async fn desk() -> Desk {
    let desk = Desk::bare();
    let file = desk.path("audit.jsonl");
    let settings = Settings { file, max_bytes: 1 << 30, keep: 0, forward: None, installation: InstallationId(Uuid::nil()) };
    let log = Log::open(settings).unwrap();
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let spki = key.verifying_key().to_public_key_der().unwrap();
    for number in 0..5 {
        let event = Event::of(Action::ImportKeyMaterial, Timestamp::from_millis(number), "eu-central-1", Uuid::nil());
        log.begin().unwrap().write(&event, true).await.unwrap();
        if number % 2 == 1 {
            let what = log.to_be_signed().unwrap();
            let signature: Signature = key.sign_prehash(&what.digest()).unwrap();
            log.checkpoint(what, Sha256::digest(spki.as_bytes()).into(), signature.to_bytes().into()).await.unwrap();
        }
    }
    desk.write("audit.pem", key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap());
    desk.write("audit.der", spki.as_bytes());
    desk
}

#[tokio::test]
async fn a_log_that_is_whole_is_told_with_how_far_it_is_signed() {
    let desk = desk().await;
    let told: Value = serde_json::from_str(&desk.ok(&[&VERIFY[..], &["audit.jsonl"]].concat())).unwrap();
    let log = told["LogId"].as_str().unwrap().to_owned();
    #[rustfmt::skip]
    assert_eq!(told, json!({
        "LogId": log, "InstallationId": Uuid::nil().to_string(), "Chain": "INTACT", "Signatures": "VALID", "FirstSequence": 1,
        "LastSequence": 8, "BeginsWithTheLog": true, "Files": 1, "Lines": 8, "Checkpoints": 2, "SignedUpTo": 6, "UnsignedLines": 1,
        "UnfinishedBytes": 0,
    }));
    let of_der = desk.ok(&["audit", "verify", "--trust", "audit.der", "audit.jsonl", "--signed-up-to", "6"]);
    assert_eq!(serde_json::from_str::<Value>(&of_der).unwrap(), told);
    let unsigned = desk.ok(&["audit", "verify", "audit.jsonl", "--output", "text", "--query", "[Signatures, SignedUpTo]"]);
    assert_eq!(unsigned, "NOT_CHECKED\tNone\n");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_file_and_line() {
    let desk = desk().await;
    let text = std::fs::read_to_string(desk.path("audit.jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let write = |name: &str, lines: &[&str]| desk.write(name, lines.join("\n") + "\n");
    let other = lines[2].replace("ImportKeyMaterial", "DescribeKey");
    write("altered.jsonl", &[&lines[..2], &[other.as_str()], &lines[3..]].concat());
    write("shorter.jsonl", &[&lines[..1], &lines[2..]].concat());
    write("later.jsonl", &lines[1..]);
    write("cut.jsonl", &lines[..5]);
    desk.write(
        "other.pem",
        SigningKey::from_slice(&[8; 32]).unwrap().verifying_key().to_public_key_pem(LineEnding::LF).unwrap(),
    );
    desk.write("notes.txt", "nothing\n");
    let mut transcript = Transcript::new(&desk);
    for file in ["altered.jsonl", "shorter.jsonl", "later.jsonl", "notes.txt", "absent"] {
        transcript.expect(255, &[&VERIFY[..], &[file]].concat());
    }
    transcript.expect(255, &[&VERIFY[..], &["cut.jsonl", "--signed-up-to", "6"]].concat());
    transcript.expect(255, &[&VERIFY[..], &["audit.jsonl", "audit.jsonl"]].concat());
    transcript.expect(255, &["audit", "verify", "--trust", "other.pem", "audit.jsonl"]);
    transcript.expect(255, &["audit", "verify", "--trust", "notes.txt", "audit.jsonl"]);
    transcript.expect(252, &["audit", "verify", "audit.jsonl", "--signed-up-to", "6"]);
    transcript.expect(252, &["audit", "verify"]);
    transcript.golden("audit-verify");
}

//! The audit log of a running service: whole, signed, without secrets, and what happens where it cannot be written.

use std::process::Command;

use keyferry::model::{WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::call;
use crate::harness::client::import_request;
use crate::harness::installation::{ACCOUNT, IMPORTER};
use crate::harness::{Client, Daemon, Installation, Plaintext, Settings};

/// What `keyferry audit verify` says of an installation's log, under the key that its token shows.
fn verified(installation: &Installation) -> Value {
    let trusted = installation.file("audit.pem");
    let keys = installation.command("public-keys").args(["--only", "audit"]).output().unwrap();
    assert!(keys.status.success(), "{}", String::from_utf8_lossy(&keys.stderr));
    std::fs::write(&trusted, keys.stdout).unwrap();
    let verify = Command::new(env!("CARGO_BIN_EXE_keyferry"))
        .args(["audit", "verify", "--trust"])
        .args([trusted, installation.file("audit.jsonl")])
        .output()
        .unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stderr));
    serde_json::from_slice(&verify.stdout).unwrap()
}

async fn lists(client: &Client) -> Result<(), String> {
    call!(client.keys(), list_keys, pb::ListKeysRequest::default()).map(drop).map_err(|refusal| refusal.message)
}

#[tokio::test]
async fn every_call_has_its_line_in_the_references_words() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    let material = Plaintext::aes();
    let answer = client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.unwrap();
    let refusal = client.parameters("nowhere", WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048).await;
    let refusal = refusal.unwrap_err();
    let events = daemon.installation.events();
    let named = |name: &str| events.iter().filter(|event| event["eventName"] == name).collect::<Vec<_>>();

    let [import] = named("ImportKeyMaterial")[..] else { panic!("one import: {events:?}") };
    assert_eq!(
        import["requestParameters"],
        json!({
            "keyId": key.arn,
            "expirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        })
    );
    assert_eq!(import["responseElements"], json!({ "keyId": key.arn, "keyMaterialId": answer.key_material_id }));
    assert_eq!(import["resources"], json!([{ "accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key.arn }]));
    assert_eq!(import["userIdentity"], json!({ "type": "Principal", "principalId": IMPORTER, "accountId": ACCOUNT }));
    assert_eq!(
        import["additionalEventData"],
        json!({
            "fingerprint": material.fingerprint(&key.key_id),
            "hostExposure": "HOST_MATERIAL",
            "decision": "Allow",
            "policies": ["everything"],
        })
    );
    assert_eq!((&import["readOnly"], &import["sourceIPAddress"]), (&json!(false), &json!("127.0.0.1")));
    assert_eq!((&import["awsRegion"], &import["eventType"]), (&json!("us-east-1"), &json!("AwsApiCall")));
    assert_eq!(import["tlsDetails"]["tlsVersion"], "TLSv1.3");
    assert!(import["userAgent"].as_str().is_some_and(|agent| agent.contains("tonic")), "{import}");

    let [.., wrong] = named("GetParametersForImport")[..] else { panic!("two sets: {events:?}") };
    assert_eq!((&wrong["errorCode"], &wrong["requestID"]), (&json!("NotFoundException"), &json!(refusal.request_id)));
    assert_eq!(wrong["errorMessage"], "Invalid keyId 'nowhere'");
    assert_eq!(wrong["requestParameters"]["wrappingAlgorithm"], "RSAES_OAEP_SHA_256");

    let log = daemon.terminate();
    let found = verified(&log);
    assert_eq!(found["UnsignedLines"], 0, "the end is signed for: {found}");
}

#[tokio::test]
async fn the_chain_goes_on_after_the_service_was_killed() {
    let mut installation = Installation::new(Settings::default());
    for _ in 0..3 {
        let daemon = Daemon::serve(installation, &[]);
        let client = daemon.client().await;
        client.create_symmetric().await;
        installation = daemon.kill();
    }
    let made = installation.events().iter().filter(|event| event["eventName"] == "CreateKey").count();
    assert_eq!(made, 3, "each was on disk before it was answered");
    let installation = Daemon::serve(installation, &[]).terminate();
    assert_eq!(verified(&installation)["UnsignedLines"], 0);
}

#[tokio::test]
async fn where_nothing_can_be_written_nothing_is_done_until_it_can_again() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    lists(&client).await.unwrap();
    let pid = Pid::from_raw(daemon.pid().try_into().unwrap());
    let written = std::fs::metadata(daemon.installation.file("audit.jsonl")).unwrap().len();
    let before = prlimit(pid, Resource::Fsize, Rlimit { current: Some(written), maximum: None }).unwrap();

    // The first finds it out, and is told; what comes after is not begun.
    let said = lists(&client).await.unwrap_err();
    assert_eq!(said, "the audit log cannot be written: try again");
    let request = pb::CreateKeyRequest { origin: pb::Origin::External.into(), ..Default::default() };
    let refusal = call!(client.keys(), create_key, request).unwrap_err();
    refusal.assert_says("DependencyTimeoutException", "the audit log cannot be written: try again", "not begun");
    assert!(refusal.retry.is_some());

    prlimit(pid, Resource::Fsize, before).unwrap();
    daemon.wait_for_log(|line| {
        crate::harness::daemon::field(line, "message")
            .as_str()
            .is_some_and(|said| said.contains("audit log") && said.contains("again"))
    });
    let keys = call!(client.keys(), list_keys, pb::ListKeysRequest::default()).unwrap().keys;
    assert_eq!(keys, [], "no key was made");
    drop(client);
    verified(&daemon.terminate());
}

//! Imports that need two.

use std::time::{Duration, SystemTime};

use keyferry::proto as pb;

use super::{ADMINISTRATOR, ANOTHER, CUSTODIAN, STARTER, ask, client, key, set, under};
use crate::call;
use crate::harness::client::import_request;
use crate::harness::installation::IMPORTER;
use crate::harness::{Client, Daemon, Plaintext, Refusal};

const TWO: &[(&str, &str)] = &[("approval", "two-person")];

/// The digest that a refusal names.
fn digest(refusal: &Refusal) -> String {
    let at = refusal.message.find("request digest ").unwrap_or_else(|| panic!("{refusal:?}"));
    refusal.message[at + 15..].to_owned()
}

async fn approve(client: &Client, key: &str, digest: &str) -> Result<pb::ApproveImportResponse, Refusal> {
    let request = pb::ApproveImportRequest { key_id: key.to_owned(), request_digest: digest.to_owned() };
    call!(client.imports(), approve_import, request)
}

async fn pending(client: &Client) -> Vec<pb::PendingImport> {
    call!(client.imports(), list_pending_imports, pb::ListPendingImportsRequest::default()).unwrap().pending_imports
}

async fn state(client: &Client, key: &str) -> pb::KeyState {
    client.describe(key).await.key_state()
}

#[tokio::test]
async fn an_import_waits_for_a_second_principal_and_then_answers_both() {
    let daemon = under(STARTER);
    let (administrator, importer, custodian) =
        (client(&daemon, ADMINISTRATOR).await, daemon.client().await, client(&daemon, CUSTODIAN).await);
    let key = key(&administrator, TWO).await;
    let (request, outcome) = ask(&importer, &key.key_id).await;
    let refusal = outcome.unwrap_err();
    refusal.assert_is("KMSInvalidStateException", "it waits");
    let digest = digest(&refusal);
    assert_eq!(state(&importer, &key.key_id).await, pb::KeyState::PendingImport, "nothing is unwrapped yet");
    let again = importer.import(request.clone()).await.unwrap_err();
    assert_eq!(again.message, refusal.message, "asked again, it is the same");

    let [waiting] = &pending(&custodian).await[..] else { panic!("one waits") };
    assert_eq!((&waiting.request_digest, &waiting.key_id), (&digest, &key.arn));
    assert_eq!(waiting.principal, IMPORTER);
    assert_eq!(waiting.expiration_model(), pb::ExpirationModel::KeyMaterialDoesNotExpire);

    let denied = approve(&importer, &key.key_id, &digest).await.unwrap_err();
    denied.assert_is("AccessDeniedException", "not by who asked");
    let other = approve(&custodian, &key.key_id, &"0".repeat(64)).await.unwrap_err();
    other.assert_is("NotFoundException", "not another request");
    let approved = approve(&custodian, &key.key_id, &digest).await.unwrap();
    assert_eq!(state(&importer, &key.key_id).await, pb::KeyState::Enabled);
    assert_eq!(pending(&custodian).await, []);

    let answer = importer.import(request).await.unwrap();
    assert_eq!(answer.key_material_proof, approved.key_material_proof);
    assert_eq!((answer.receipt, answer.key_material_id), (approved.receipt, approved.key_material_id));
    let gone = approve(&custodian, &key.key_id, &digest).await.unwrap_err();
    gone.assert_is("NotFoundException", "once");

    let events = daemon.installation.events();
    let approval = events.iter().find(|event| event["eventName"] == "ApproveImport" && event["errorCode"].is_null());
    let approval = approval.expect("the approval's line");
    assert_eq!(approval["additionalEventData"]["requester"], IMPORTER);
    assert_eq!(approval["requestParameters"]["requestDigest"], digest.as_str());
    assert_eq!(approval["userIdentity"]["principalId"], CUSTODIAN);
}

#[tokio::test]
async fn whoever_asked_cannot_approve_whatever_the_policies_say() {
    let two = "@id(\"all\")\npermit(principal, action, resource);\n\
               @id(\"two\")\nforbid(principal, action == Action::\"kms:ImportKeyMaterial\", resource) unless { context.approved };\n";
    let daemon = under(two);
    let (importer, other) = (daemon.client().await, client(&daemon, ANOTHER).await);
    let key = importer.create_symmetric().await;
    let (_, outcome) = ask(&importer, &key.key_id).await;
    let digest = digest(&outcome.unwrap_err());
    approve(&importer, &key.key_id, &digest).await.unwrap_err().assert_is("AccessDeniedException", "by oneself");
    approve(&other, &key.key_id, &digest).await.unwrap();
}

#[tokio::test]
async fn what_is_rejected_is_forgotten_and_its_set_is_free_again() {
    let daemon = under(STARTER);
    let (administrator, importer, custodian) =
        (client(&daemon, ADMINISTRATOR).await, daemon.client().await, client(&daemon, CUSTODIAN).await);
    let key = key(&administrator, TWO).await;
    let set = set(&importer, &key.key_id).await;
    let import = || import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
    let first = digest(&importer.import(import()).await.unwrap_err());
    let second = importer.import(import()).await.unwrap_err();
    second.assert_is("KMSInvalidStateException", "another under the same set");
    assert!(second.message.starts_with("another import under these parameters waits"), "{}", second.message);

    let request = pb::RejectImportRequest { key_id: key.key_id.clone(), request_digest: first.clone() };
    call!(importer.imports(), reject_import, request.clone())
        .unwrap_err()
        .assert_is("AccessDeniedException", "a custodian's");
    call!(custodian.imports(), reject_import, request).unwrap();
    approve(&custodian, &key.key_id, &first).await.unwrap_err().assert_is("NotFoundException", "it is gone");
    let third = digest(&importer.import(import()).await.unwrap_err());
    approve(&custodian, &key.key_id, &third).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_unwrapped_is_found_out_by_who_approves_and_does_not_wait_on() {
    let daemon = under(STARTER);
    let (administrator, importer, custodian) =
        (client(&daemon, ADMINISTRATOR).await, daemon.client().await, client(&daemon, CUSTODIAN).await);
    let key = key(&administrator, TWO).await;
    let set = set(&importer, &key.key_id).await;
    let mut request = import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
    request.encrypted_key_material[100] ^= 1;
    let digest = digest(&importer.import(request).await.unwrap_err());
    let refusal = approve(&custodian, &key.key_id, &digest).await.unwrap_err();
    refusal.assert_is("InvalidCiphertextException", "as an import that nobody has to approve");
    assert_eq!(pending(&custodian).await, []);
    assert_eq!(state(&importer, &key.key_id).await, pb::KeyState::PendingImport);
}

#[tokio::test]
async fn a_requester_who_is_shut_out_meanwhile_gets_nothing_imported() {
    let daemon = under(STARTER);
    let (administrator, importer, custodian) =
        (client(&daemon, ADMINISTRATOR).await, daemon.client().await, client(&daemon, CUSTODIAN).await);
    let key = key(&administrator, TWO).await;
    let (_, outcome) = ask(&importer, &key.key_id).await;
    let digest = digest(&outcome.unwrap_err());
    shut_out(&daemon);
    let refusal = approve(&custodian, &key.key_id, &digest).await.unwrap_err();
    refusal.assert_is("AccessDeniedException", "theirs is gone");
    assert!(refusal.message.contains(IMPORTER), "{}", refusal.message);
    assert_eq!(state(&custodian, &key.key_id).await, pb::KeyState::PendingImport);
}

fn shut_out(daemon: &Daemon) {
    let path = daemon.installation.file("policy/principals.toml");
    let principals = std::fs::read_to_string(&path).unwrap();
    daemon.installation.write_policy("principals.toml", &principals.replace(IMPORTER, "spiffe://example.org/somebody"));
    daemon.reload();
    daemon.wait_for_log(|line| crate::harness::daemon::field(line, "message") == "policies reloaded");
}

#[tokio::test]
async fn many_that_wait_are_listed_page_by_page_and_outlive_a_restart() {
    let daemon = under(STARTER);
    let (administrator, importer) = (client(&daemon, ADMINISTRATOR).await, daemon.client().await);
    let mut asked = Vec::new();
    for _ in 0..3 {
        let key = key(&administrator, TWO).await;
        let set = set(&importer, &key.key_id).await;
        let mut request = import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
        let end = SystemTime::now() + Duration::from_secs(3600);
        request.expiration_model = pb::ExpirationModel::KeyMaterialExpires.into();
        request.valid_to = Some(prost_types::Timestamp { nanos: 0, ..end.into() });
        let refusal = importer.import(request.clone()).await.unwrap_err();
        asked.push((key, request.clone(), digest(&refusal), request.valid_to));
    }
    let daemon = Daemon::serve(daemon.kill(), &[]);
    let custodian = client(&daemon, CUSTODIAN).await;
    let (mut marker, mut listed) = (None, Vec::new());
    loop {
        let request = pb::ListPendingImportsRequest { limit: Some(2), marker };
        let page = call!(custodian.imports(), list_pending_imports, request).unwrap();
        assert!(page.pending_imports.len() <= 2);
        listed.extend(page.pending_imports);
        if !page.truncated {
            break;
        }
        marker = Some(page.next_marker);
    }
    let expected: Vec<_> = asked.iter().map(|(key, _, digest, end)| (key.arn.clone(), digest.clone(), *end)).collect();
    let found: Vec<_> = listed.into_iter().map(|item| (item.key_id, item.request_digest, item.valid_to)).collect();
    assert_eq!(found, expected, "the oldest first");
    let bad = pb::ListPendingImportsRequest { limit: None, marker: Some("x".to_owned()) };
    call!(custodian.imports(), list_pending_imports, bad).unwrap_err().assert_is("InvalidMarkerException", "not ours");
    for (key, _, digest, _) in &asked {
        approve(&custodian, &key.key_id, digest).await.unwrap();
    }
}

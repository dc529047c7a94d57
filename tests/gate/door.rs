//! Principals and policies, through the front door.

use keyferry::model::{WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use tonic::Code;

use super::{ADMINISTRATOR, AUDITOR, ELSEWHERE, STARTER, client, key, under};
use crate::call;
use crate::harness::daemon::field;
use crate::harness::installation::IMPORTER;
use crate::harness::{Daemon, Refusal};

#[tokio::test]
async fn a_good_certificate_that_names_no_principal_gets_nothing_and_its_line() {
    let daemon = Daemon::shared();
    let stranger = client(&daemon, "spiffe://example.org/stranger").await;
    let refusal = call!(stranger.keys(), list_keys, pb::ListKeysRequest::default()).unwrap_err();
    refusal.assert_says("UnrecognizedClientException", "the caller is not a principal of this service", "a stranger");
    let event = event_of(&daemon, &refusal);
    assert_eq!(event["userIdentity"]["type"], "Unknown");
    assert_eq!(event["userIdentity"]["principalId"], "spiffe://example.org/stranger");
    assert_eq!(event["errorCode"], "UnrecognizedClientException");
}

/// The line that the audit log has of a refused request: it is there before the refusal is.
fn event_of(daemon: &Daemon, refusal: &Refusal) -> serde_json::Value {
    let events = daemon.installation.events();
    events.into_iter().find(|event| event["requestID"] == refusal.request_id.as_str()).expect("its line")
}

#[tokio::test]
async fn a_key_of_another_account_is_as_one_that_is_not_there() {
    let daemon = Daemon::shared();
    let (ours, theirs) = (daemon.client().await, client(&daemon, ELSEWHERE).await);
    let key = ours.create_symmetric().await;
    let ask = |client: crate::harness::Client, key_id: String| async move {
        call!(client.keys(), describe_key, pb::DescribeKeyRequest { key_id }).unwrap_err()
    };
    let absent = "00000000-0000-4000-8000-000000000000";
    let (there, nowhere) = (ask(theirs.clone(), key.key_id.clone()).await, ask(theirs.clone(), absent.to_owned()).await);
    assert_eq!(there.message.replace(&key.key_id, absent), nowhere.message);
    assert_eq!((there.code, there.reason), (nowhere.code, nowhere.reason));
    let by_arn = ask(theirs.clone(), key.arn.clone()).await;
    by_arn.assert_is("NotFoundException", "by its ARN");
    let refusal = theirs.parameters(&key.key_id, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048).await;
    refusal.unwrap_err().assert_is("NotFoundException", "parameters");
    let listed = call!(theirs.keys(), list_keys, pb::ListKeysRequest::default()).unwrap();
    assert_eq!(listed.keys, [], "theirs is another account");
}

#[tokio::test]
async fn the_starter_set_parts_those_who_make_keys_from_those_who_fill_them() {
    let daemon = under(STARTER);
    let (administrator, importer) = (client(&daemon, ADMINISTRATOR).await, daemon.client().await);
    let auditor = client(&daemon, AUDITOR).await;
    let external = pb::CreateKeyRequest { origin: pb::Origin::External.into(), ..Default::default() };
    let refusal = call!(importer.keys(), create_key, external.clone()).unwrap_err();
    let said = format!("User: {IMPORTER} is not authorized to perform: kms:CreateKey on resource: * ");
    assert!(refusal.message.starts_with(&said), "{}", refusal.message);
    assert_eq!((refusal.code, refusal.reason.as_str()), (Code::PermissionDenied, "AccessDeniedException"));

    let key = key(&administrator, &[]).await;
    let (oaep, rsa) = (WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa3072);
    for (who, name) in [(&administrator, ADMINISTRATOR), (&auditor, AUDITOR)] {
        let refusal = who.parameters(&key.key_id, oaep, rsa).await.unwrap_err();
        refusal.assert_is("AccessDeniedException", name);
        assert!(refusal.message.contains(&key.arn), "{}", refusal.message);
    }
    for (algorithm, spec) in [(oaep, WrappingKeySpec::Rsa2048), (WrappingAlgorithm::RsaesOaepSha1, rsa)] {
        let refusal = importer.parameters(&key.key_id, algorithm, spec).await.unwrap_err();
        refusal.assert_is("AccessDeniedException", "too weak");
        let event = event_of(&daemon, &refusal);
        assert_eq!(
            (&event["additionalEventData"]["decision"], &event["errorCode"]),
            (&"Deny".into(), &"AccessDeniedException".into())
        );
        assert_ne!(event["additionalEventData"]["policies"], serde_json::json!([]), "who forbids is named there");
        assert!(refusal.message.ends_with("with an explicit deny in an identity-based policy"), "{}", refusal.message);
    }
    let (_, imported) = super::ask(&importer, &key.key_id).await;
    imported.unwrap();
    assert_eq!(auditor.describe(&key.key_id).await.key_state, i32::from(pb::KeyState::Enabled));
}

#[tokio::test]
async fn policies_change_under_a_running_service_and_bad_ones_change_nothing() {
    let daemon = Daemon::start(crate::harness::Settings::default());
    let client = daemon.client().await;
    let lists = |client: crate::harness::Client| async move {
        call!(client.keys(), list_keys, pb::ListKeysRequest::default()).map(drop).map_err(|refusal| refusal.reason)
    };
    lists(client.clone()).await.unwrap();

    let only_reads = "@id(\"reads\")\npermit(principal, action == Action::\"kms:DescribeKey\", resource);\n";
    daemon.installation.replace_policies(only_reads);
    daemon.reload();
    daemon.wait_for_log(|line| field(line, "message") == "policies reloaded");
    assert_eq!(lists(client.clone()).await.unwrap_err(), "AccessDeniedException");

    daemon
        .installation
        .write_policy("worse.cedar", "@id(\"worse\")\npermit(principal, action == Action::\"kms:Fly\", resource);");
    daemon.reload();
    daemon.wait_for_log(|line| field(line, "message") == "policies not reloaded, the old ones stay");
    assert_eq!(lists(client.clone()).await.unwrap_err(), "AccessDeniedException", "neither opened nor closed");

    std::fs::remove_file(daemon.installation.file("policy/worse.cedar")).unwrap();
    daemon.installation.replace_policies("@id(\"everything\")\npermit(principal, action, resource);");
    daemon.installation.write_policy("principals.toml", "version = \"v1\"\n");
    daemon.reload();
    // Whoever is taken off the list is out, on a connection that is open as well.
    daemon.wait_for_logs(2, |line| field(line, "message") == "policies reloaded");
    assert_eq!(lists(client.clone()).await.unwrap_err(), "UnrecognizedClientException");
}

#[test]
fn policies_that_do_not_hold_up_or_that_others_can_read_do_not_start() {
    use std::os::unix::fs::PermissionsExt;
    let installation = crate::harness::Installation::new(crate::harness::Settings::default());
    let path = installation.file("policy/everything.cedar");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = Daemon::refusal_to_start(&installation);
    assert!(said.contains("policy.folder") && said.contains("mode 0644") && said.contains("chmod 0640"), "{said}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let folder = installation.file("policy");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o770)).unwrap();
    let said = Daemon::refusal_to_start(&installation);
    assert!(said.contains("policy.folder") && said.contains("chmod 0750"), "{said}");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o750)).unwrap();
    installation.replace_policies("@id(\"x\")\npermit(principal, action, resource) when { resource.colour == \"red\" };");
    for said in [Daemon::refusal_to_start(&installation), Daemon::refusal_of(installation.command("check-config"))] {
        assert!(said.contains("policies.cedar") && said.contains("colour"), "{said}");
    }
}

//! What a request needs: its members, the key's state, and a caller who may.

use keyferry::model::{KeySpec, KeyUsage, WrappingKeySpec};
use keyferry::proto as pb;
use serde_json::json;

use super::doors::{Doors, HYBRID, OAEP, SM2, kept_up};
use crate::call;
use crate::harness::client::{wire_algorithm, wire_wrapping};
use crate::harness::{Client, Daemon, Installation, Plaintext, Settings};

const ADMINISTRATOR: &str = "spiffe://example.org/administrator";
const ELSEWHERE: &str = "spiffe://example.com/importer";

/// "GetParametersForImport requires the following information: The key ID …, the key spec of the public key …, the wrapping algorithm …"
#[tokio::test]
async fn it_requires_the_key_id_and_the_key_spec_of_the_public_key_and_the_wrapping_algorithm() {
    let (mut doors, key) = Doors::before_a_key().await;
    for member in ["KeyId", "WrappingKeySpec", "WrappingAlgorithm"] {
        let mut body = json!({ "KeyId": key.arn, "WrappingAlgorithm": OAEP.0.as_str(), "WrappingKeySpec": OAEP.1.as_str() });
        body.as_object_mut().unwrap().remove(member).unwrap();
        let over_json = doors.json.call("GetParametersForImport", &body).await;
        let field = format!("{}{}", member[..1].to_lowercase(), &member[1..]);
        let null = format!("Value null at '{field}' failed to satisfy constraint: Member must not be null");
        assert_eq!(over_json.reason(), "ValidationException", "{member}");
        assert_eq!(over_json.body["message"], format!("1 validation error detected: {null}"));
        let given = |name: &str, value: i32| if name == member { 0 } else { value };
        let request = pb::GetParametersForImportRequest {
            key_id: if member == "KeyId" { String::new() } else { key.key_id.clone() },
            wrapping_algorithm: given("WrappingAlgorithm", wire_algorithm(OAEP.0).into()),
            wrapping_key_spec: given("WrappingKeySpec", wire_wrapping(OAEP.1).into()),
        };
        let refusal = call!(doors.grpc.imports(), get_parameters_for_import, request).unwrap_err();
        refusal.assert_is("ValidationException", member).assert_blames(&field, member);
    }
}

/// "You can use the same or a different public key spec and wrapping algorithm each time you import or reimport the same key material."
#[tokio::test]
async fn the_same_or_a_different_spec_and_algorithm_can_be_used_each_time_the_same_key_material_is_imported() {
    let doors = Doors::open().await;
    let (key, material) = doors.brought(KeySpec::EccNistP256, KeyUsage::SignVerify, OAEP).await;
    for wrapping in [OAEP, (OAEP.0, WrappingKeySpec::Rsa3072), HYBRID, SM2] {
        doors.bring(&key, &material, wrapping).await.unwrap();
        doors.grpc.delete_material(&key.key_id).await.unwrap();
    }
    doors.bring(&key, &material, SM2).await.unwrap();
    assert_eq!(doors.state(&key).await, pb::KeyState::Enabled);
}

/// "The KMS key that you use for this operation must be in a compatible key state." The guide: PendingImport, Enabled, Disabled.
#[tokio::test]
async fn a_key_that_is_pending_import_or_enabled_or_disabled_is_in_a_compatible_key_state() {
    let mut doors = Doors::open().await;
    let key = doors.grpc.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    doors.ask(&key.key_id, SM2).await.expect("PendingImport");
    doors.bring(&key, &Plaintext::for_spec(KeySpec::EccNistP256), SM2).await.unwrap();
    doors.ask(&key.key_id, SM2).await.expect("Enabled");
    call!(doors.grpc.keys(), disable_key, pb::DisableKeyRequest { key_id: key.key_id.clone() }).unwrap();
    doors.ask(&key.key_id, SM2).await.expect("Disabled");
}

/// The same, and KMSInvalidStateException: "The key state of the KMS key is not compatible with the operation. To find the key state, use the
/// DescribeKey operation." What else the guide has is of replicas and of custom key stores.
#[tokio::test]
async fn a_key_that_is_pending_deletion_as_describe_key_finds_is_not_in_a_compatible_key_state() {
    let (mut doors, key) = Doors::before_a_key().await;
    let request = pb::ScheduleKeyDeletionRequest { key_id: key.key_id.clone(), pending_window_in_days: None };
    call!(doors.grpc.keys(), schedule_key_deletion, request).unwrap();
    let message = format!("{} is pending deletion.", key.arn);
    doors.assert_refused(&key.key_id, OAEP, "KMSInvalidStateException", &message).await;
    assert_eq!(doors.state(&key).await, pb::KeyState::PendingDeletion);
}

/// "Cross-account use: No. You cannot perform this operation on a KMS key in a different Amazon Web Services account."
#[tokio::test]
async fn it_cannot_be_performed_on_a_key_in_a_different_account() {
    let (doors, key) = Doors::before_a_key().await;
    let identity = doors.daemon().installation.authority.client_by_uri(ELSEWHERE);
    let abroad = doors.daemon().client_as(&identity).await;
    for (name, account) in [(&key.arn, "111122223333"), (&key.key_id, "444455556666")] {
        let refusal = abroad.parameters(name, OAEP.0, OAEP.1).await.unwrap_err();
        let absent = format!("Key 'arn:aws:kms:us-east-1:{account}:key/{}' does not exist", key.key_id);
        refusal.assert_says("NotFoundException", &absent, name);
    }
}

/// "Required permissions: kms:GetParametersForImport (key policy)." Permitted by the Cedar policies: the key policy decides nothing.
#[tokio::test]
async fn kms_get_parameters_for_import_is_the_permission_that_is_required() {
    let installation = Installation::new(Settings::default());
    installation.replace_policies(
        r#"@id("this") permit (principal, action == Action::"kms:GetParametersForImport", resource)
           when { principal.hasTag("role") && principal.getTag("role") == "importer" };
           @id("all-but-this") permit (principal, action, resource)
           when { principal.hasTag("role") && principal.getTag("role") != "importer" }
           unless { action == Action::"kms:GetParametersForImport" };"#,
    );
    let (_other, daemon) = (kept_up(), Daemon::serve(installation, &[]));
    let administrator = daemon.client_as(&daemon.installation.authority.client_by_uri(ADMINISTRATOR)).await;
    let key = administrator.create_symmetric().await;
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}]}"#;
    let kept = pb::PutKeyPolicyRequest { key_id: key.key_id.clone(), policy: document.to_owned(), ..Default::default() };
    call!(administrator.keys(), put_key_policy, kept).unwrap();
    let ask = async |client: &Client| client.parameters(&key.key_id, OAEP.0, OAEP.1).await;
    let refusal = ask(&administrator).await.unwrap_err();
    refusal.assert_is("AccessDeniedException", "all but this");
    let said =
        format!("User: {ADMINISTRATOR} is not authorized to perform: kms:GetParametersForImport on resource: {} ", key.arn);
    assert!(refusal.message.starts_with(&said), "{refusal:?}");
    ask(&daemon.client().await).await.unwrap();
}

/// "Eventual consistency: The KMS API follows an eventual consistency model." Here there is nothing to wait for.
#[tokio::test]
async fn what_was_done_at_one_door_is_seen_at_the_other_at_once() {
    let mut doors = Doors::open().await;
    let made = doors.json.call("CreateKey", &json!({ "Origin": "EXTERNAL" })).await;
    let key_id = made.body["KeyMetadata"]["KeyId"].as_str().unwrap();
    doors.grpc.some_parameters(key_id).await;
}

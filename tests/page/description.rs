//! What the operation is for, what it returns, and what holds the two together.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;
use rsa::pkcs8::DecodePublicKey;
use serde_json::json;

use super::doors::{Doors, HYBRID, OAEP};
use crate::call;
use crate::harness::Plaintext;

/// "Returns the public key and an import token you need to import or reimport key material for a KMS key."
#[tokio::test]
async fn it_returns_the_public_key_and_import_token_that_are_needed_to_import_or_reimport_key_material() {
    let (mut doors, key) = Doors::before_a_key().await;
    let material = Plaintext::aes();
    // What the second of them brings is there already.
    for set in [doors.grpc.some_parameters(&key.key_id).await, doors.ask(&key.key_id, OAEP).await.unwrap()] {
        doors.import(&set, material.wrap_simply(&set.public_key)).await.unwrap();
        assert_eq!(doors.state(&key).await, pb::KeyState::Enabled);
    }
}

/// "By default, KMS keys are created with key material that KMS generates."
#[tokio::test]
async fn by_default_keys_are_created_with_key_material_that_the_service_generates() {
    let mut doors = Doors::open().await;
    let made = doors.json.call("CreateKey", &json!({})).await;
    let key = call!(doors.grpc.keys(), create_key, pb::CreateKeyRequest::default()).unwrap().key_metadata.unwrap();
    for key_id in [made.body["KeyMetadata"]["KeyId"].as_str().unwrap(), &key.key_id] {
        let key = doors.grpc.describe(key_id).await;
        assert_eq!((key.origin(), key.key_state()), (pb::Origin::AwsKms, pb::KeyState::Enabled));
    }
}

/// "… an advanced feature that lets you generate and import the cryptographic key material for a KMS key."
#[tokio::test]
async fn the_owner_generates_the_key_material_that_the_key_then_works_with() {
    let mut doors = Doors::open().await;
    let (key, material) = doors.brought(KeySpec::EccNistP256, KeyUsage::SignVerify, HYBRID).await;
    assert_eq!(key.origin(), pb::Origin::External);
    let public_key = doors.used("GetPublicKey", json!({ "KeyId": key.arn }), "PublicKey").await;
    assert_eq!(Some(public_key), material.spki());
}

/// "Before calling GetParametersForImport, use the CreateKey operation with an Origin value of EXTERNAL to create a KMS key with no
/// key material."
#[tokio::test]
async fn create_key_with_the_origin_external_creates_a_key_with_no_key_material() {
    let (mut doors, key) = Doors::before_a_key().await;
    assert_eq!((key.origin(), key.key_state()), (pb::Origin::External, pb::KeyState::PendingImport));
    let refused = doors.json.call("Encrypt", &json!({ "KeyId": key.arn, "Plaintext": "YWhveQ==" })).await;
    assert_eq!(
        (refused.reason(), &refused.body["message"]),
        ("KMSInvalidStateException", &json!(format!("{} is pending import.", key.arn)))
    );
}

/// "The public key (or "wrapping key") of an RSA key pair that KMS generates." That it is made in the token, and stays there:
/// `receipts::attestation::what_is_attested_of_a_wrapping_key_is_what_the_token_shows`.
#[tokio::test]
async fn the_public_key_is_of_an_rsa_key_pair_that_the_service_generates() {
    let (mut doors, key) = Doors::before_a_key().await;
    let one = doors.ask(&key.key_id, OAEP).await.unwrap().public_key;
    let other = doors.grpc.some_parameters(&key.key_id).await.public_key;
    let [one, other] = [one, other].map(|spki| rsa::PublicKey::from_public_key_der(&spki).unwrap());
    assert_ne!(one, other);
}

/// "You will use this public key to encrypt ("wrap") your key material while it's in transit to KMS."
#[tokio::test]
async fn key_material_is_encrypted_with_this_public_key_while_it_is_in_transit() {
    let (mut doors, key) = Doors::before_a_key().await;
    let material = Plaintext::aes();
    let set = doors.ask(&key.key_id, OAEP).await.unwrap();
    let in_the_clear = doors.import(&set, material.bytes.clone()).await.unwrap_err();
    in_the_clear.assert_says("ValidationException", "Invalid encrypted key size.", "in the clear");
    let padded = [&[0; 224], &material.bytes[..]].concat();
    doors.import(&set, padded).await.unwrap_err().assert_is("InvalidCiphertextException", "in the clear, padded");
    doors.import(&set, material.wrap_simply(&set.public_key)).await.unwrap();
}

/// "A import token that ensures that KMS can decrypt your key material and associate it with the correct KMS key."
#[tokio::test]
async fn the_import_token_ensures_that_key_material_is_associated_with_the_correct_key() {
    let mut doors = Doors::open().await;
    let (key, other) = (doors.grpc.create_symmetric().await, doors.grpc.create_symmetric().await);
    let mut set = doors.ask(&key.key_id, OAEP).await.unwrap();
    let (material, public_key) = (Plaintext::aes(), set.public_key.clone());
    set.key_id = other.arn.clone();
    let crossed = doors.import(&set, material.wrap_simply(&public_key)).await.unwrap_err();
    crossed.assert_is("InvalidImportTokenException", "the token of another key");
    assert_eq!(doors.grpc.describe(&other.key_id).await, other);
    set.key_id = key.arn.clone();
    doors.import(&set, material.wrap_simply(&public_key)).await.unwrap();
    assert_eq!(doors.grpc.describe(&key.key_id).await.current_key_material_id, material.fingerprint(&key.key_id));
}

/// "The public key and its import token are permanently linked and must be used together."
#[tokio::test]
async fn the_public_key_and_its_import_token_are_linked_and_must_be_used_together() {
    let (mut doors, key) = Doors::before_a_key().await;
    let material = Plaintext::aes();
    let (one, other) = (doors.ask(&key.key_id, OAEP).await.unwrap(), doors.ask(&key.key_id, OAEP).await.unwrap());
    let mixed = doors.import(&one, material.wrap_simply(&other.public_key)).await.unwrap_err();
    mixed.assert_is("InvalidCiphertextException", "the public key of another set");
    assert_eq!(doors.grpc.describe(&key.key_id).await, key);
    doors.import(&one, material.wrap_simply(&one.public_key)).await.unwrap();
}

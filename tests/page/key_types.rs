//! For which keys, and back into which.

use base64ct::{Base64, Encoding};
use keyferry::model::key_spec::HmacHash;
use keyferry::model::{KeySpec, KeyUsage, OaepHash};
use keyferry::proto as pb;
use serde_json::json;

use super::doors::{Doors, HYBRID, OAEP, SM2, Wrapping};
use crate::call;
use crate::harness::client::{wire_spec, wire_usage};
use crate::harness::{Plaintext, openssl};

const MESSAGE: &[u8] = b"ahoy";

/// A private key under SM2, a secret under RSA.
fn quickest(spec: KeySpec) -> Wrapping {
    if spec.material().unwrap().secret_bytes().is_some() { OAEP } else { SM2 }
}

/// "You can import key material for a symmetric encryption KMS key, …"
#[tokio::test]
async fn key_material_can_be_imported_for_a_symmetric_encryption_key() {
    let mut doors = Doors::open().await;
    let (key, material) = doors.brought(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, OAEP).await;
    assert_eq!(key.current_key_material_id, material.fingerprint(&key.key_id));
    let plain = Base64::encode_string(MESSAGE);
    let sealed = doors.used("Encrypt", json!({ "KeyId": key.arn, "Plaintext": plain }), "CiphertextBlob").await;
    let opened = doors.used("Decrypt", json!({ "CiphertextBlob": Base64::encode_string(&sealed) }), "Plaintext").await;
    assert_eq!(opened, MESSAGE);
}

/// "… HMAC KMS key, …"
#[tokio::test]
async fn key_material_can_be_imported_for_an_hmac_key() {
    let mut doors = Doors::open().await;
    let (key, material) = doors.brought(KeySpec::Hmac384, KeyUsage::GenerateVerifyMac, OAEP).await;
    let body = json!({ "KeyId": key.arn, "Message": Base64::encode_string(MESSAGE), "MacAlgorithm": "HMAC_SHA_384" });
    assert_eq!(doors.used("GenerateMac", body, "Mac").await, openssl::hmac(HmacHash::Sha384, &material.bytes, MESSAGE));
}

/// "… asymmetric encryption KMS key, …"
#[tokio::test]
async fn key_material_can_be_imported_for_an_asymmetric_encryption_key() {
    let mut doors = Doors::open().await;
    let (key, material) = doors.brought(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt, HYBRID).await;
    let sealed = Base64::encode_string(&openssl::oaep(&material.spki().unwrap(), OaepHash::Sha256, MESSAGE));
    let body = json!({ "KeyId": key.arn, "CiphertextBlob": sealed, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256" });
    assert_eq!(doors.used("Decrypt", body, "Plaintext").await, MESSAGE);
}

/// "… or asymmetric signing KMS key."
#[tokio::test]
async fn key_material_can_be_imported_for_an_asymmetric_signing_key() {
    let mut doors = Doors::open().await;
    let (key, material) = doors.brought(KeySpec::EccNistP256, KeyUsage::SignVerify, OAEP).await;
    let body = json!({ "KeyId": key.arn, "Message": Base64::encode_string(MESSAGE), "SigningAlgorithm": "ECDSA_SHA_256" });
    let signature = doors.used("Sign", body, "Signature").await;
    assert!(openssl::ecdsa_verifies(&material.spki().unwrap(), 256, MESSAGE, &signature));
}

/// "You can also import key material into a multi-Region key of any supported type."
#[tokio::test]
async fn key_material_can_be_imported_into_a_multi_region_key_of_any_supported_type() {
    let doors = Doors::open().await;
    assert_eq!(KeySpec::supported().count(), 13);
    for spec in KeySpec::supported() {
        let request = pb::CreateKeyRequest {
            key_spec: wire_spec(spec).into(),
            key_usage: wire_usage(spec.usages()[0]).into(),
            origin: pb::Origin::External.into(),
            multi_region: true,
            ..Default::default()
        };
        let key = call!(doors.grpc.keys(), create_key, request).unwrap().key_metadata.unwrap();
        assert!(key.multi_region && key.key_id.starts_with("mrk-"), "{spec}");
        let brought = doors.bring(&key, &Plaintext::for_spec(spec), quickest(spec)).await;
        assert_eq!((brought, doors.state(&key).await), (Ok(()), pb::KeyState::Enabled), "{spec}");
    }
}

/// "However, you can't import key material into a KMS key in a custom key store." There are none: who asks for a key in one is told so.
#[tokio::test]
async fn key_material_cannot_be_imported_into_a_key_in_a_custom_key_store() {
    let mut doors = Doors::open().await;
    for body in [
        json!({ "Origin": "AWS_CLOUDHSM" }),
        json!({ "Origin": "EXTERNAL_KEY_STORE" }),
        json!({ "Origin": "EXTERNAL", "CustomKeyStoreId": "cks-1234567890abcdef0" }),
        json!({ "Origin": "EXTERNAL", "XksKeyId": "bb8562717f809024" }),
    ] {
        let refused = doors.json.call("CreateKey", &body).await;
        assert_eq!((refused.status.as_u16(), refused.reason()), (400, "UnsupportedOperationException"), "{body}");
    }
    for origin in [pb::Origin::AwsCloudhsm, pb::Origin::ExternalKeyStore] {
        let request = pb::CreateKeyRequest { origin: origin.into(), ..Default::default() };
        let refusal = call!(doors.grpc.keys(), create_key, request).unwrap_err();
        refusal.assert_is("UnsupportedOperationException", origin.as_str_name());
    }
}

/// "You can also use GetParametersForImport to … reimport the original key material into a KMS key whose key material … was deleted." Of
/// what expired: `validity`.
#[tokio::test]
async fn the_original_key_material_can_be_reimported_into_a_key_whose_key_material_was_deleted() {
    let mut doors = Doors::open().await;
    let (key, material) = doors.brought(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, OAEP).await;
    doors.grpc.delete_material(&key.key_id).await.unwrap();
    assert_eq!(doors.state(&key).await, pb::KeyState::PendingImport);
    let set = doors.ask(&key.key_id, OAEP).await.unwrap();
    let another = doors.import(&set, Plaintext::aes().wrap_simply(&set.public_key)).await.unwrap_err();
    another.assert_is("IncorrectKeyMaterialException", "not the original");
    doors.import(&set, material.wrap_simply(&set.public_key)).await.unwrap();
    assert_eq!(doors.state(&key).await, pb::KeyState::Enabled);
}

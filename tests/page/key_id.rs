//! The request's KeyId.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;
use serde_json::json;

use super::doors::{Doors, OAEP, SM2};
use crate::call;
use crate::harness::Plaintext;

/// "The identifier of the KMS key that will be associated with the imported key material."
#[tokio::test]
async fn it_identifies_the_key_that_the_imported_key_material_will_be_associated_with() {
    let doors = Doors::open().await;
    let (key, other, material) =
        (doors.grpc.create_symmetric().await, doors.grpc.create_symmetric().await, Plaintext::aes());
    doors.bring(&key, &material, OAEP).await.unwrap();
    assert_eq!(doors.grpc.describe(&key.key_id).await.current_key_material_id, material.fingerprint(&key.key_id));
    assert_eq!(doors.grpc.describe(&other.key_id).await, other);
}

/// "The Origin of the KMS key must be EXTERNAL." UnsupportedOperationException: "… a specified resource is not valid for this operation."
#[tokio::test]
async fn the_origin_of_the_key_must_be_external() {
    let mut doors = Doors::open().await;
    for (spec, usage) in
        [(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt), (KeySpec::EccNistP256, KeyUsage::SignVerify)]
    {
        let key = doors.grpc.create_generated(spec, usage).await;
        let message = format!("{} origin is AWS_KMS which is not valid for this operation.", key.arn);
        doors.assert_refused(&key.key_id, OAEP, "UnsupportedOperationException", &message).await;
    }
}

/// "All KMS key types are supported, including multi-Region keys." Keys of SM2 that sign are not, for no token does; nor are ML-DSA and
/// Ed25519. Multi-Region keys: `key_types`, in every spec.
#[tokio::test]
async fn all_key_types_are_supported() {
    let mut doors = Doors::open().await;
    let secret = [(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt), (KeySpec::Hmac224, KeyUsage::GenerateVerifyMac)];
    for (spec, usage) in secret {
        let key = doors.grpc.create_external(spec, usage).await;
        doors.ask(&key.key_id, OAEP).await.unwrap();
    }
    let mut private = Vec::new();
    for spec in KeySpec::supported().filter(|spec| spec.material().unwrap().secret_bytes().is_none()) {
        for usage in spec.usages().iter().filter(|usage| (spec, **usage) != (KeySpec::Sm2, KeyUsage::SignVerify)) {
            let key = doors.grpc.create_external(spec, *usage).await;
            doors.ask(&key.key_id, SM2).await.unwrap();
            private.push(usage.as_str());
        }
    }
    private.sort_unstable();
    let counted =
        ["ENCRYPT_DECRYPT", "KEY_AGREEMENT", "SIGN_VERIFY"].map(|usage| private.iter().filter(|one| **one == usage).count());
    // RSA and SM2; the NIST curves and SM2; RSA and all curves but SM2.
    assert_eq!(counted, [4, 4, 7]);
}

/// "Specify the key ID or key ARN of the KMS key."
#[tokio::test]
async fn a_key_is_specified_by_its_key_id_or_its_key_arn() {
    let (mut doors, key) = Doors::before_a_key().await;
    for name in [&key.key_id, &key.arn] {
        assert_eq!(doors.ask(name, OAEP).await.unwrap().key_id, key.arn);
    }
}

/// The same sentence: other operations take aliases as well.
#[tokio::test]
async fn a_key_is_not_specified_by_an_alias() {
    let (mut doors, key) = Doors::before_a_key().await;
    let (alias, arn) = (format!("alias/{}", key.key_id), key.arn.replace(":key/", ":alias/"));
    let named = doors.json.call("CreateAlias", &json!({ "AliasName": alias, "TargetKeyId": key.key_id })).await;
    assert_eq!(named.status, 200, "{named:?}");
    doors.assert_refused(&alias, OAEP, "NotFoundException", &format!("Invalid keyId '{alias}'")).await;
    doors.assert_refused(&arn, OAEP, "InvalidArnException", &format!("Invalid arn {arn}")).await;
}

/// "Key ID: 1234abcd-12ab-34cd-56ef-1234567890ab. Key ARN: arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
#[tokio::test]
async fn key_ids_and_key_arns_are_of_the_form_of_the_examples() {
    let (mut doors, key) = Doors::before_a_key().await;
    assert_eq!(uuid::Uuid::try_parse(&key.key_id).unwrap().hyphenated().to_string(), key.key_id);
    assert_eq!(key.arn, format!("arn:aws:kms:us-east-1:111122223333:key/{}", key.key_id));
    // Understood: of another Region the one, of none the other.
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let example = format!("arn:aws:kms:us-east-2:111122223333:key/{id}");
    doors.assert_refused(&example, OAEP, "NotFoundException", "Invalid arn us-east-2").await;
    let absent = format!("Key 'arn:aws:kms:us-east-1:111122223333:key/{id}' does not exist");
    doors.assert_refused(id, OAEP, "NotFoundException", &absent).await;
}

/// "To get the key ID and key ARN for a KMS key, use ListKeys …"
#[tokio::test]
async fn list_keys_gets_the_key_id_and_key_arn() {
    let (mut doors, key) = Doors::before_a_key().await;
    let wanted = json!({ "KeyId": key.key_id, "KeyArn": key.arn });
    let mut request = json!({ "Limit": 1000 });
    loop {
        let page = doors.json.call("ListKeys", &request).await.body;
        if page["Keys"].as_array().unwrap().contains(&wanted) {
            break;
        }
        assert_eq!(page["Truncated"], true, "it is not listed");
        request["Marker"] = page["NextMarker"].clone();
    }
    let listed = call!(doors.grpc.keys(), list_keys, pb::ListKeysRequest { limit: Some(1), ..Default::default() }).unwrap();
    assert!(listed.keys[0].key_arn.ends_with(&listed.keys[0].key_id));
}

/// "… or DescribeKey."
#[tokio::test]
async fn describe_key_gets_the_key_id_and_key_arn() {
    let (mut doors, key) = Doors::before_a_key().await;
    for name in [&key.key_id, &key.arn] {
        let described = &doors.json.call("DescribeKey", &json!({ "KeyId": name })).await.body["KeyMetadata"];
        assert_eq!((&described["KeyId"], &described["Arn"]), (&json!(key.key_id), &json!(key.arn)));
        let described = doors.grpc.describe(name).await;
        assert_eq!((described.key_id, described.arn), (key.key_id.clone(), key.arn.clone()));
    }
}

//! What is in the answer. ParametersValidTo: `validity`.

use std::time::{Duration, SystemTime};

use keyferry::model::OaepHash;

use super::doors::{Doors, OAEP};
use crate::harness::client::import_request;
use crate::harness::{Plaintext, openssl};

/// "The Amazon Resource Name (key ARN) of the KMS key to use in a subsequent ImportKeyMaterial request. This is the same KMS key specified in
/// the GetParametersForImport request."
#[tokio::test]
async fn key_id_is_the_arn_of_the_key_specified_to_use_in_a_subsequent_import_key_material_request() {
    let (mut doors, key) = Doors::before_a_key().await;
    let set = doors.ask(&key.key_id, OAEP).await.unwrap();
    assert_eq!(set.key_id, key.arn);
    let answer = doors.import(&set, Plaintext::aes().wrap_simply(&set.public_key)).await.unwrap();
    assert_eq!(answer.key_id, key.arn);
}

/// "The import token to send in a subsequent ImportKeyMaterial request."
#[tokio::test]
async fn import_token_is_what_a_subsequent_import_key_material_request_must_send() {
    let (mut doors, key) = Doors::before_a_key().await;
    let set = doors.ask(&key.key_id, OAEP).await.unwrap();
    assert!((1..=6144).contains(&set.import_token.len()));
    let blob = Plaintext::aes().wrap_simply(&set.public_key);
    let mut altered = set.clone();
    altered.import_token[7] ^= 1;
    doors.import(&altered, blob.clone()).await.unwrap_err().assert_is("InvalidImportTokenException", "another token");
    doors.import(&set, blob).await.unwrap();
}

/// "The public key to use to encrypt the key material before importing it with ImportKeyMaterial."
#[tokio::test]
async fn public_key_is_what_the_key_material_is_encrypted_with_before_it_is_imported() {
    let (doors, key) = Doors::before_a_key().await;
    let set = doors.grpc.some_parameters(&key.key_id).await;
    // A DER SubjectPublicKeyInfo of RSA_2048, which OpenSSL reads.
    assert_eq!((set.public_key.len(), &set.public_key[..4]), (294, &[0x30, 0x82, 0x01, 0x22][..]));
    let blob = openssl::oaep(&set.public_key, OaepHash::Sha256, &Plaintext::aes().bytes);
    doors.grpc.import(import_request(&set, blob)).await.unwrap();
}

/// "The time at which the import token and public key are no longer valid."
#[tokio::test]
async fn parameters_valid_to_is_24_hours_after_the_request_at_both_doors() {
    let (mut doors, key) = Doors::before_a_key().await;
    let day = Duration::from_secs(24 * 60 * 60);
    let before = SystemTime::now();
    let sets = [doors.grpc.some_parameters(&key.key_id).await, doors.ask(&key.key_id, OAEP).await.unwrap()];
    for set in sets {
        let valid_to = SystemTime::try_from(set.parameters_valid_to.unwrap()).unwrap();
        // In milliseconds, cut off.
        assert!((before + day - Duration::from_millis(1)..=SystemTime::now() + day).contains(&valid_to), "{valid_to:?}");
    }
}

//! The request's WrappingKeySpec.

use keyferry::model::wrapping::choices;
use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;

use super::doors::{Doors, HYBRID};
use crate::harness::Plaintext;

use WrappingAlgorithm::{RsaesOaepSha1, RsaesOaepSha256, Sm2pke};
use WrappingKeySpec::{Rsa2048, Rsa3072, Rsa4096, Sm2};

/// "The type of RSA public key to return in the response." SM2 is the one that is no RSA key: `sm2pke`.
#[tokio::test]
async fn it_is_the_type_of_rsa_public_key_that_is_returned() {
    let (doors, key) = Doors::before_a_key().await;
    for (wrapping, bytes) in [(Rsa2048, 256), (Rsa3072, 384), (Rsa4096, 512)] {
        let set = doors.grpc.parameters(&key.key_id, RsaesOaepSha1, wrapping).await.unwrap();
        assert_eq!(rsa::PublicKey::from_public_key_der(&set.public_key).unwrap().size(), bytes, "{wrapping}");
    }
}

/// "You will use this wrapping key with the specified wrapping algorithm to protect your key material during import."
#[tokio::test]
async fn it_is_used_with_the_specified_wrapping_algorithm_and_must_go_with_it() {
    let mut doors = Doors::open().await;
    let key = doors.grpc.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    for wrapping in [(RsaesOaepSha256, Sm2), (Sm2pke, Rsa2048), (Sm2pke, Rsa4096)] {
        let (algorithm, spec) = wrapping;
        let message = format!(
            "Wrapping algorithm {algorithm} and wrapping key spec {spec} cannot be used to import a ECC_NIST_P256 key."
        );
        doors.assert_refused(&key.key_id, wrapping, "ValidationException", &message).await;
    }
    let material = Plaintext::for_spec(KeySpec::EccNistP256);
    doors.bring(&key, &material, (Sm2pke, Sm2)).await.unwrap();
}

/// "Use the longest RSA wrapping key that is practical." Advice to callers: `keyferry import` takes it.
#[test]
fn the_longest_rsa_wrapping_key_is_what_the_client_chooses() {
    for spec in KeySpec::supported() {
        assert_eq!(choices(spec)[0].1, Rsa4096, "{spec}");
    }
}

/// "You cannot use an RSA_2048 public key to directly wrap an ECC_NIST_P521 private key (so `wrapping_algorithm`). Instead, use an RSA_AES
/// wrapping algorithm or choose a longer RSA public key."
#[tokio::test]
async fn an_ecc_nist_p521_private_key_can_be_wrapped_by_rsa_aes_or_with_a_longer_rsa_public_key() {
    let doors = Doors::open().await;
    let (key, material) = doors.brought(KeySpec::EccNistP521, KeyUsage::SignVerify, HYBRID).await;
    doors.bring(&key, &material, (RsaesOaepSha256, Rsa3072)).await.unwrap();
}

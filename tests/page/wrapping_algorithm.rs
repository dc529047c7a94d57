//! The request's WrappingAlgorithm.

use keyferry::model::{KeySpec, KeyUsage, OaepHash, WrappingAlgorithm, WrappingKeySpec};

use super::doors::{Doors, HYBRID, OAEP, SM2, Set, Wrapping};
use crate::harness::client::import_request;
use crate::harness::{Plaintext, openssl};

use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256, RsaesPkcs1V15};
use WrappingKeySpec::{Rsa2048, Rsa3072, Rsa4096};

const RSA: [KeySpec; 3] = [KeySpec::Rsa2048, KeySpec::Rsa3072, KeySpec::Rsa4096];
const SECRET: [KeySpec; 5] =
    [KeySpec::SymmetricDefault, KeySpec::Hmac224, KeySpec::Hmac256, KeySpec::Hmac384, KeySpec::Hmac512];

fn refusal((algorithm, wrapping): Wrapping, key: KeySpec) -> String {
    format!("Wrapping algorithm {algorithm} and wrapping key spec {wrapping} cannot be used to import a {key} key.")
}

/// Checks for which keys a wrapping is. Of those that it serves some are asked for; `matrix` imports into all.
async fn assert_supported(wrapping: Wrapping, served: &[KeySpec], refused: &[KeySpec]) {
    let mut doors = Doors::open().await;
    for spec in served {
        let key = doors.grpc.create_external(*spec, spec.usages()[0]).await;
        doors.ask(&key.key_id, wrapping).await.unwrap();
    }
    for spec in refused {
        let key = doors.grpc.create_external(*spec, spec.usages()[0]).await;
        doors.assert_refused(&key.key_id, wrapping, "ValidationException", &refusal(wrapping, *spec)).await;
    }
}

/// "The algorithm you will use with the RSA public key (PublicKey) in the response to protect your key material during import."
#[tokio::test]
async fn it_is_the_algorithm_that_protects_the_key_material_with_the_public_key_and_no_other_does() {
    let (mut doors, key) = Doors::before_a_key().await;
    let material = Plaintext::aes();
    for (asked, used) in [(OaepHash::Sha1, OaepHash::Sha256), (OaepHash::Sha256, OaepHash::Sha1)] {
        let algorithm = if asked == OaepHash::Sha1 { RsaesOaepSha1 } else { RsaesOaepSha256 };
        let set = doors.ask(&key.key_id, (algorithm, Rsa2048)).await.unwrap();
        let other = doors.import(&set, openssl::oaep(&set.public_key, used, &material.bytes)).await.unwrap_err();
        other.assert_is("InvalidCiphertextException", "another algorithm");
        doors.import(&set, openssl::oaep(&set.public_key, asked, &material.bytes)).await.unwrap();
    }
}

/// "For RSA_AES wrapping algorithms, you encrypt your key material with an AES key that you generate, then encrypt your AES key with the
/// RSA public key from KMS."
#[tokio::test]
async fn for_rsa_aes_the_key_material_is_encrypted_with_an_aes_key_and_the_aes_key_with_the_public_key() {
    assert_brought([(RsaAesKeyWrapSha1, OaepHash::Sha1), (RsaAesKeyWrapSha256, OaepHash::Sha256)], |set, hash, material| {
        let aes_key: [u8; 32] = openssl::random(32).try_into().unwrap();
        [openssl::oaep(&set.public_key, hash, &aes_key), openssl::kwp(&aes_key, &material.bytes)].concat()
    })
    .await;
}

/// "For RSAES wrapping algorithms, you encrypt your key material directly with the RSA public key from KMS."
#[tokio::test]
async fn for_rsaes_the_key_material_is_encrypted_directly_with_the_public_key() {
    assert_brought([(RsaesOaepSha1, OaepHash::Sha1), (RsaesOaepSha256, OaepHash::Sha256)], |set, hash, material| {
        openssl::oaep(&set.public_key, hash, &material.bytes)
    })
    .await;
}

/// Checks that what is wrapped so comes in under these algorithms.
async fn assert_brought(algorithms: [(WrappingAlgorithm, OaepHash); 2], wrap: fn(&Set, OaepHash, &Plaintext) -> Vec<u8>) {
    let doors = Doors::open().await;
    for (algorithm, hash) in algorithms {
        let key = doors.grpc.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
        let set = doors.grpc.parameters(&key.key_id, algorithm, Rsa2048).await.unwrap();
        let material = Plaintext::for_spec(KeySpec::EccNistP256);
        let answer = doors.grpc.import(import_request(&set, wrap(&set, hash, &material))).await.unwrap();
        assert_eq!(Some(answer.key_material_proof.unwrap().public_key), material.spki(), "{algorithm}");
    }
}

/// "The wrapping algorithms that you can use depend on the type of key material that you are importing."
#[tokio::test]
async fn which_wrapping_algorithms_can_be_used_depends_on_the_type_of_key_material() {
    assert_supported(OAEP, &[KeySpec::SymmetricDefault], &RSA).await;
    assert_supported(HYBRID, &[KeySpec::Rsa2048], &SECRET).await;
}

/// "To import an RSA private key, you must use an RSA_AES wrapping algorithm." Or SM2PKE, which the page leaves to the guide.
#[tokio::test]
async fn to_import_an_rsa_private_key_an_rsa_aes_wrapping_algorithm_must_be_used() {
    for algorithm in [RsaesOaepSha1, RsaesOaepSha256] {
        for wrapping in [Rsa2048, Rsa3072, Rsa4096] {
            assert_supported((algorithm, wrapping), &[], &RSA).await;
        }
    }
    Doors::open().await.brought(KeySpec::Rsa2048, KeyUsage::SignVerify, HYBRID).await;
}

/// "RSA_AES_KEY_WRAP_SHA_256 — Supported for wrapping RSA and ECC key material." The guide: not for keys on the SM2 curve.
#[tokio::test]
async fn rsa_aes_key_wrap_sha_256_is_supported_for_rsa_and_ecc_key_material() {
    let refused = [&SECRET[..], &[KeySpec::Sm2]].concat();
    assert_supported((RsaAesKeyWrapSha256, Rsa2048), &[KeySpec::Rsa2048, KeySpec::EccNistP384], &refused).await;
}

/// "RSA_AES_KEY_WRAP_SHA_1 — Supported for wrapping RSA and ECC key material."
#[tokio::test]
async fn rsa_aes_key_wrap_sha_1_is_supported_for_rsa_and_ecc_key_material() {
    let refused = [&SECRET[..], &[KeySpec::Sm2]].concat();
    assert_supported((RsaAesKeyWrapSha1, Rsa2048), &[KeySpec::Rsa2048, KeySpec::EccNistP384], &refused).await;
}

const ALL_BUT_RSA: [KeySpec; 3] = [KeySpec::SymmetricDefault, KeySpec::Hmac512, KeySpec::EccNistP384];

/// "RSAES_OAEP_SHA_256 — Supported for all types of key material, except RSA key material (private key)."
#[tokio::test]
async fn rsaes_oaep_sha_256_is_supported_for_all_types_of_key_material_except_rsa() {
    assert_supported((RsaesOaepSha256, Rsa2048), &ALL_BUT_RSA, &RSA).await;
}

/// "You cannot use the RSAES_OAEP_SHA_256 wrapping algorithm with the RSA_2048 wrapping key spec to wrap ECC_NIST_P521 key material."
#[tokio::test]
async fn rsaes_oaep_sha_256_cannot_be_used_with_rsa_2048_to_wrap_ecc_nist_p521_key_material() {
    assert_supported((RsaesOaepSha256, Rsa2048), &[], &[KeySpec::EccNistP521]).await;
}

/// "RSAES_OAEP_SHA_1 — Supported for all types of key material, except RSA key material (private key)."
#[tokio::test]
async fn rsaes_oaep_sha_1_is_supported_for_all_types_of_key_material_except_rsa() {
    assert_supported((RsaesOaepSha1, Rsa2048), &ALL_BUT_RSA, &RSA).await;
}

/// "You cannot use the RSAES_OAEP_SHA_1 wrapping algorithm with the RSA_2048 wrapping key spec to wrap ECC_NIST_P521 key material."
#[tokio::test]
async fn rsaes_oaep_sha_1_cannot_be_used_with_rsa_2048_to_wrap_ecc_nist_p521_key_material() {
    assert_supported((RsaesOaepSha1, Rsa2048), &[], &[KeySpec::EccNistP521]).await;
}

/// "RSAES_PKCS1_V1_5 (Deprecated) — As of October 10, 2023, KMS does not support the RSAES_PKCS1_V1_5 wrapping algorithm."
#[tokio::test]
async fn rsaes_pkcs1_v1_5_is_not_supported() {
    let mut doors = Doors::open().await;
    for spec in KeySpec::supported() {
        let (key, wrapping) = (doors.grpc.create_external(spec, spec.usages()[0]).await, (RsaesPkcs1V15, Rsa4096));
        let refused = doors.ask(&key.key_id, wrapping).await.unwrap_err();
        refused.assert_is("ValidationException", spec.as_str());
        assert!(refused.message.starts_with(&refusal(wrapping, spec)), "{refused:?}");
    }
}

/// The page's list of values ends with SM2PKE, of which it says no more; the guide: for private keys, with SM2. Where `kms.sm2 = true`.
#[tokio::test]
async fn sm2pke_is_supported_for_private_keys() {
    assert_supported(SM2, &[KeySpec::Rsa2048, KeySpec::EccNistP521, KeySpec::Sm2], &SECRET).await;
}

//! Kryoptic: everything inside the token, OAEP with SHA-256 included, and a PIN that locks.

use keyferry::model::{KeySpec, KeyUsage, OaepHash, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::call;
use crate::harness::any_token::Make;
use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::{Client, Daemon, Installation, Plaintext, Settings, openssl, softhsm};
use crate::matrix::{self, cells};

/// Nothing may cross the host: Kryoptic's raw RSA does not serve, and need not.
fn settings() -> Settings {
    Settings { make: Make::Kryoptic, host_assisted: "none", ..Settings::default() }
}

const KRYOPTIC: matrix::Token = matrix::Token {
    exposure: |_| pb::HostExposure::Token,
    // It has the curves of NIST only.
    lacks: |cell| matches!(cell.key, KeySpec::EccSecgP256k1 | KeySpec::Sm2) || cell.algorithm == WrappingAlgorithm::Sm2pke,
    wrapping_keys: &["UNWRAP"],
};

/// The first cell of each key spec and longer wrapping key that the matrix allows, and all of the shortest: Kryoptic makes one
/// key at a time, and the long ones take seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_kind_of_key_but_those_on_secp256k1_and_sm2_comes_in_unseen_by_the_host() {
    let short = |cell: &cells::Cell| {
        let turn = if (cell.key as usize).is_multiple_of(2) { WrappingKeySpec::Rsa3072 } else { WrappingKeySpec::Rsa4096 };
        let first = matches!(cell.algorithm, WrappingAlgorithm::RsaesOaepSha256 | WrappingAlgorithm::RsaAesKeyWrapSha256);
        cell.wrapping == WrappingKeySpec::Rsa2048 || !cell.allowed || (cell.wrapping == turn && first)
    };
    matrix::assert_imports(settings(), KRYOPTIC, cells::all().into_iter().filter(short).collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "minutes: run by `make tokens`"]
async fn every_cell_but_those_of_secp256k1_and_sm2_comes_in_unseen_by_the_host() {
    matrix::assert_imports(settings(), KRYOPTIC, cells::all()).await;
}

async fn import(client: &Client, spec: KeySpec, usage: KeyUsage, algorithm: WrappingAlgorithm) -> (String, Plaintext) {
    let key = client.create_external(spec, usage).await;
    let set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
    let plaintext = Plaintext::for_spec(spec);
    let ciphertext = plaintext.wrap(Wrapper::OpenSsl, algorithm, &set.public_key);
    client.import(import_request(&set, ciphertext)).await.unwrap();
    (key.key_id, plaintext)
}

#[tokio::test]
async fn what_was_imported_decrypts_inside_the_token_and_a_bad_ciphertext_leaves_it_well() {
    let daemon = Daemon::start(settings());
    let client = daemon.client().await;
    let (usage, hybrid) = (KeyUsage::EncryptDecrypt, WrappingAlgorithm::RsaAesKeyWrapSha256);
    let (rsa, plaintext) = import(&client, KeySpec::Rsa2048, usage, hybrid).await;
    // Kryoptic says CKR_DEVICE_ERROR of what is no ciphertext, as it would of a broken device.
    for (message, tampers) in [(&b"before"[..], false), (b"spoilt", true), (b"after", false)] {
        let mut ciphertext = openssl::oaep(&openssl::public_key(&plaintext.bytes), OaepHash::Sha256, message);
        if tampers {
            ciphertext[200] ^= 1;
        }
        let request = pb::DecryptRequest {
            key_id: Some(rsa.clone()),
            ciphertext_blob: ciphertext,
            encryption_algorithm: pb::EncryptionAlgorithm::RsaesOaepSha256.into(),
            ..Default::default()
        };
        match call!(client.cryptography(), decrypt, request) {
            Ok(answer) => assert_eq!((answer.plaintext.as_slice(), tampers), (message, false)),
            Err(refusal) => {
                assert!(tampers, "{refusal:?}");
                refusal.assert_is("InvalidCiphertextException", "spoilt");
            }
        }
    }
    let (key, _) = import(&client, KeySpec::SymmetricDefault, usage, WrappingAlgorithm::RsaesOaepSha256).await;
    let request = pb::EncryptRequest { key_id: key, plaintext: b"a message".to_vec(), ..Default::default() };
    let encrypted = call!(client.cryptography(), encrypt, request).unwrap();
    let request = pb::DecryptRequest { ciphertext_blob: encrypted.ciphertext_blob, ..Default::default() };
    assert_eq!(call!(client.cryptography(), decrypt, request).unwrap().plaintext, b"a message");

    let request = pb::GetTokenProfileRequest {};
    let profile = call!(client.operator(), get_token_profile, request).unwrap().token_profile.unwrap();
    let isolation = profile.isolation.unwrap();
    assert!(isolation.tried > 50, "{isolation:?}");
    assert_eq!(isolation.unwrapped_keys.len(), 3, "{isolation:?}");
    assert!(isolation.unwrapped_keys.iter().all(|said| said.ends_with("is hidden as asked")), "{isolation:?}");
}

/// Whoever restarts the service by itself is told not to by the exit code 78.
#[test]
fn a_start_tries_a_wrong_pin_once_so_that_it_takes_ten_starts_to_lock_the_token() {
    let installation = Installation::new(settings());
    let start = |pin: &str| {
        std::fs::write(installation.file("pin"), pin).unwrap();
        let output = installation.command("doctor").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for attempt in 1..=9 {
        let (code, said) = start("0000-wrong-pin");
        assert!(code == Some(78) && said.contains("the token refused the PIN: tried once"), "{attempt}: {said}");
    }
    let (code, said) = start(softhsm::PIN);
    assert_eq!(code, Some(0), "the right PIN after nine wrong ones: {said}");
    for attempt in 1..=10 {
        let (code, said) = start("0000-wrong-pin");
        assert_eq!(code, Some(78), "{attempt}: {said}");
    }
    let (code, said) = start(softhsm::PIN);
    assert!(code == Some(78) && said.contains("the token's PIN is locked"), "{said}");
}

//! Each use of a key once, through the typed client.

use keyferry::client::{Client, Encryption, Error, Key, NewKey};
use keyferry::model::key_spec::HmacHash;
use keyferry::model::{EncryptionAlgorithm, KeySpec, KeyUsage, MessageType, SigningAlgorithm};
use secrecy::ExposeSecret;

use super::client;
use crate::harness::Daemon;

async fn generated(client: &Client, spec: KeySpec, usage: KeyUsage) -> Key {
    client.create_key(&NewKey::generated(spec).usage(usage)).await.unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: &str) {
    let Err(Error::Refused(refusal)) = result else { panic!("{result:?}") };
    assert_eq!(refusal.code, code, "{}", refusal.message);
}

#[tokio::test]
async fn what_goes_in_comes_out_also_of_another_key() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let key = generated(&client, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let rsa = generated(&client, KeySpec::Rsa2048, KeyUsage::EncryptDecrypt).await;
    let (how, oaep) =
        (Encryption::default().context("purpose", "test"), Encryption::with(EncryptionAlgorithm::RsaesOaepSha1));
    let ciphertext = client.encrypt(&key.arn, b"secret", &how).await.unwrap();
    let decrypted = client.decrypt(None, &ciphertext, &how).await.unwrap();
    assert_eq!((decrypted.plaintext.expose_secret(), &decrypted.arn), (&b"secret"[..], &key.arn));
    assert_eq!(decrypted.material_id, key.material_id);
    assert!(!format!("{decrypted:?}").contains(&format!("{:?}", b"secret")));
    refused(client.decrypt(None, &ciphertext, &Encryption::default()).await, "InvalidCiphertextException");

    let anew = client.re_encrypt(&ciphertext, (None, &how), (&rsa.arn, &oaep)).await.unwrap();
    assert_eq!((anew.source, anew.destination), (key.arn, rsa.arn.clone()));
    let decrypted = client.decrypt(Some(&rsa.arn), &anew.ciphertext, &oaep).await.unwrap();
    assert_eq!((decrypted.plaintext.expose_secret(), decrypted.material_id), (&b"secret"[..], None));
}

#[tokio::test]
async fn data_keys_and_random_bytes_have_the_length_that_was_asked_for() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let key = generated(&client, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let how = Encryption::default().context("a", "b");
    let data = client.generate_data_key(key.id.as_str(), 24, &how.context).await.unwrap();
    let opened = client.decrypt(None, &data.ciphertext, &how).await.unwrap();
    assert_eq!((data.plaintext.expose_secret(), data.material_id), (opened.plaintext.expose_secret(), key.material_id));
    let ciphertext = client.generate_data_key_without_plaintext(&key.arn, 5, &how.context).await.unwrap();
    let opened = client.decrypt(Some(&key.arn), &ciphertext, &how).await.unwrap();
    assert_eq!(opened.plaintext.expose_secret().len(), 5);
    let [one, other] = [client.generate_random(32).await.unwrap(), client.generate_random(32).await.unwrap()];
    assert_ne!(one.expose_secret(), other.expose_secret());
    refused(client.generate_random(1025).await, "ValidationException");
}

#[tokio::test]
async fn what_is_signed_or_authenticated_is_verified() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let key = generated(&client, KeySpec::Hmac224, KeyUsage::GenerateVerifyMac).await;
    let mac = client.generate_mac(&key.arn, b"message", HmacHash::Sha224).await.unwrap();
    client.verify_mac(&key.arn, b"message", HmacHash::Sha224, &mac).await.unwrap();
    refused(client.verify_mac(&key.arn, b"massage", HmacHash::Sha224, &mac).await, "KMSInvalidMacException");

    let key = generated(&client, KeySpec::Rsa2048, KeyUsage::SignVerify).await;
    let (message, algorithm) = ((&b"message"[..], MessageType::Raw), SigningAlgorithm::RsassaPssSha256);
    let signature = client.sign(&key.arn, message, algorithm).await.unwrap();
    client.verify(&key.arn, message, algorithm, &signature).await.unwrap();
    let other = (&b"massage"[..], MessageType::Raw);
    refused(client.verify(&key.arn, other, algorithm, &signature).await, "KMSInvalidSignatureException");
}

#[tokio::test]
async fn two_keys_agree() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let ours = generated(&client, KeySpec::EccNistP384, KeyUsage::KeyAgreement).await;
    let theirs = generated(&client, KeySpec::EccNistP384, KeyUsage::KeyAgreement).await;
    let agree = async |key: &Key, peer: &Key| {
        let public_key = client.get_public_key(&peer.arn).await.unwrap().public_key;
        client.derive_shared_secret(&key.arn, &public_key).await.unwrap()
    };
    let (one, other) = (agree(&ours, &theirs).await, agree(&theirs, &ours).await);
    assert_eq!((one.expose_secret().len(), one.expose_secret()), (48, other.expose_secret()));
}

//! Uses of keys, as they look on the wire: what is asked comes to the service whole, and what it answers to the caller.

use std::collections::BTreeMap;

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use crate::call;
use crate::harness::Daemon;

fn context(value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("purpose".to_owned(), value.to_owned()), ("é".to_owned(), String::new())])
}

fn decrypt(ciphertext_blob: Vec<u8>, encryption_context: BTreeMap<String, String>) -> pb::DecryptRequest {
    pb::DecryptRequest { ciphertext_blob, encryption_context, ..Default::default() }
}

#[tokio::test]
async fn what_is_encrypted_is_decrypted_with_its_context_and_only_with_it() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let request = pb::EncryptRequest {
        key_id: key.key_id.clone(),
        plaintext: b"of the tests".to_vec(),
        encryption_context: context("backup"),
        ..Default::default()
    };
    let encrypted = call!(client.cryptography(), encrypt, request.clone()).unwrap();
    let algorithm = pb::EncryptionAlgorithm::SymmetricDefault;
    assert_eq!((&encrypted.key_id, encrypted.encryption_algorithm()), (&key.arn, algorithm));
    let question = decrypt(encrypted.ciphertext_blob.clone(), context("backup"));
    let expected = pb::DecryptResponse {
        key_id: key.arn.clone(),
        plaintext: b"of the tests".to_vec(),
        encryption_algorithm: algorithm.into(),
        key_material_id: key.current_key_material_id.clone(),
    };
    assert_eq!(call!(client.cryptography(), decrypt, question).unwrap(), expected);
    let question = decrypt(encrypted.ciphertext_blob.clone(), context("other"));
    let refusal = call!(client.cryptography(), decrypt, question).unwrap_err();
    refusal.assert_is("InvalidCiphertextException", "another context");

    let dry = pb::EncryptRequest { dry_run: true, ..request.clone() };
    let refusal = call!(client.cryptography(), encrypt, dry).unwrap_err();
    let would = "The request would have succeeded, but the DryRun option is set.";
    refusal.assert_says("DryRunOperationException", would, "only asked");
    let granted = pb::EncryptRequest { grant_tokens: vec!["a".into()], ..request };
    call!(client.cryptography(), encrypt, granted).unwrap_err().assert_is("InvalidGrantTokenException", "a grant");

    let other = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let anew = pb::ReEncryptRequest {
        ciphertext_blob: encrypted.ciphertext_blob,
        source_encryption_context: context("backup"),
        destination_key_id: other.arn.clone(),
        destination_encryption_context: context("other"),
        ..Default::default()
    };
    let anew = call!(client.cryptography(), re_encrypt, anew).unwrap();
    assert_eq!((&anew.source_key_id, &anew.key_id), (&key.arn, &other.arn));
    let algorithms = (anew.source_encryption_algorithm(), anew.destination_encryption_algorithm());
    assert_eq!(algorithms, (algorithm, algorithm));
    let materials = (&anew.source_key_material_id, &anew.destination_key_material_id);
    assert_eq!(materials, (&key.current_key_material_id, &other.current_key_material_id));
    let question = pb::DecryptRequest { key_id: Some(key.key_id), ..decrypt(anew.ciphertext_blob, context("other")) };
    let refusal = call!(client.cryptography(), decrypt, question.clone()).unwrap_err();
    refusal.assert_is("IncorrectKeyException", "the source's key");
    let question = pb::DecryptRequest { key_id: None, ..question };
    assert_eq!(call!(client.cryptography(), decrypt, question).unwrap().plaintext, b"of the tests");
}

#[tokio::test]
async fn a_data_key_comes_plain_and_encrypted_or_encrypted_only() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    let request = pb::GenerateDataKeyRequest {
        key_id: key.key_id.clone(),
        encryption_context: context("data"),
        key_spec: pb::DataKeySpec::Aes128.into(),
        ..Default::default()
    };
    let made = call!(client.cryptography(), generate_data_key, request.clone()).unwrap();
    assert_eq!((&made.key_id, &made.key_material_id), (&key.arn, &key.current_key_material_id));
    let opened = call!(client.cryptography(), decrypt, decrypt(made.ciphertext_blob, context("data"))).unwrap();
    assert_eq!((opened.plaintext.len(), opened.plaintext), (16, made.plaintext));

    let both = pb::GenerateDataKeyRequest { number_of_bytes: Some(7), ..request };
    let refusal = call!(client.cryptography(), generate_data_key, both).unwrap_err();
    let message = "Please specify either number of bytes or key spec.";
    refusal.assert_says("ValidationException", message, "two lengths");

    let request =
        pb::GenerateDataKeyWithoutPlaintextRequest { key_id: key.key_id, number_of_bytes: Some(7), ..Default::default() };
    let made = call!(client.cryptography(), generate_data_key_without_plaintext, request).unwrap();
    assert_eq!((&made.key_id, &made.key_material_id), (&key.arn, &key.current_key_material_id));
    let opened = call!(client.cryptography(), decrypt, decrypt(made.ciphertext_blob, BTreeMap::new())).unwrap();
    assert_eq!(opened.plaintext.len(), 7);
    let random = call!(client.cryptography(), generate_random, pb::GenerateRandomRequest { number_of_bytes: Some(1024) });
    assert_eq!(random.unwrap().plaintext.len(), 1024);
    let none = call!(client.cryptography(), generate_random, pb::GenerateRandomRequest { number_of_bytes: None });
    none.unwrap_err().assert_blames("numberOfBytes", "how many is not said");
}

#[tokio::test]
async fn macs_and_signatures_are_made_and_verified_and_wrong_ones_refused() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let message = b"a message".to_vec();
    let key = client.create_generated(KeySpec::Hmac384, KeyUsage::GenerateVerifyMac).await;
    let mac_algorithm = pb::MacAlgorithm::HmacSha384;
    let request = pb::GenerateMacRequest {
        message: message.clone(),
        key_id: key.key_id.clone(),
        mac_algorithm: mac_algorithm.into(),
        ..Default::default()
    };
    let made = call!(client.cryptography(), generate_mac, request).unwrap();
    assert_eq!((&made.key_id, made.mac_algorithm(), made.mac.len()), (&key.arn, mac_algorithm, 48));
    let request = pb::VerifyMacRequest {
        message: message.clone(),
        key_id: key.key_id,
        mac_algorithm: mac_algorithm.into(),
        mac: made.mac,
        ..Default::default()
    };
    let verified = call!(client.cryptography(), verify_mac, request.clone()).unwrap();
    assert_eq!((verified.key_id, verified.mac_valid, verified.mac_algorithm), (key.arn, true, mac_algorithm.into()));
    let other = pb::VerifyMacRequest { message: b"another".to_vec(), ..request };
    call!(client.cryptography(), verify_mac, other).unwrap_err().assert_is("KMSInvalidMacException", "another message");

    let key = client.create_generated(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let signing_algorithm = pb::SigningAlgorithm::EcdsaSha256;
    let request = pb::SignRequest {
        key_id: key.key_id.clone(),
        message: message.clone(),
        signing_algorithm: signing_algorithm.into(),
        ..Default::default()
    };
    let signed = call!(client.cryptography(), sign, request).unwrap();
    assert_eq!((&signed.key_id, signed.signing_algorithm()), (&key.arn, signing_algorithm));
    // A message that was hashed before is the same message.
    use sha2::Digest;
    for (message, message_type) in
        [(message.clone(), pb::MessageType::Raw), (sha2::Sha256::digest(&message).to_vec(), pb::MessageType::Digest)]
    {
        let request = pb::VerifyRequest {
            key_id: key.key_id.clone(),
            message,
            message_type: message_type.into(),
            signature: signed.signature.clone(),
            signing_algorithm: signing_algorithm.into(),
            ..Default::default()
        };
        let verified = call!(client.cryptography(), verify, request.clone()).unwrap();
        assert_eq!((&verified.key_id, verified.signature_valid), (&key.arn, true));
        assert_eq!(verified.signing_algorithm(), signing_algorithm);
        let other = pb::VerifyRequest { message: [8; 32].to_vec(), ..request };
        let refusal = call!(client.cryptography(), verify, other).unwrap_err();
        refusal.assert_is("KMSInvalidSignatureException", "another message");
    }
    let unnamed = pb::SignRequest { key_id: key.key_id, message, ..Default::default() };
    let refusal = call!(client.cryptography(), sign, unnamed).unwrap_err();
    refusal.assert_is("ValidationException", "no algorithm").assert_blames("signingAlgorithm", "no algorithm");
}

#[tokio::test]
async fn two_keys_agree_on_one_secret() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let [ours, theirs] = [
        client.create_generated(KeySpec::EccNistP256, KeyUsage::KeyAgreement).await,
        client.create_generated(KeySpec::EccNistP256, KeyUsage::KeyAgreement).await,
    ];
    let mut secrets = Vec::new();
    for (key, peer) in [(&ours, &theirs), (&theirs, &ours)] {
        let request = pb::DeriveSharedSecretRequest {
            key_id: key.key_id.clone(),
            key_agreement_algorithm: pb::KeyAgreementAlgorithm::Ecdh.into(),
            public_key: peer.key_material_proof.clone().unwrap().public_key,
            ..Default::default()
        };
        let agreed = call!(client.cryptography(), derive_shared_secret, request).unwrap();
        assert_eq!((&agreed.key_id, agreed.key_origin()), (&key.arn, pb::Origin::AwsKms));
        assert_eq!(agreed.key_agreement_algorithm(), pb::KeyAgreementAlgorithm::Ecdh);
        secrets.push(agreed.shared_secret);
    }
    assert_eq!((secrets[0].len(), &secrets[0]), (32, &secrets[1]));
}

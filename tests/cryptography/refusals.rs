//! What every use of a key refuses alike: in which state, for which usage, and what is never done.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::service::{
    Call, Decrypt, DeleteImportedKeyMaterial, DeriveSharedSecret, Encrypt, Error, GenerateDataKey, Kind, Options,
    ScheduleKeyDeletion, Verify, VerifyMac,
};

use super::{House, MESSAGE, call, decryption, encryption, external_key, known_key, macs, said, signatures, start};

/// Every operation, on a key, with these options.
const OPERATIONS: [&str; 9] = [
    "Encrypt",
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "Sign",
    "Verify",
    "DeriveSharedSecret",
];

async fn operate(house: &House, call: &Call, operation: &str, key_id: &str, options: Options) -> Result<(), Error> {
    let service = &house.service;
    let none = encryption::context(&[]);
    let data_key = GenerateDataKey {
        key_id: key_id.to_owned(),
        key_spec: Some("AES_256".to_owned()),
        options: options.clone(),
        ..GenerateDataKey::default()
    };
    let mut mac = macs::ask(key_id, "HMAC_SHA_256", MESSAGE);
    mac.options = options.clone();
    let mut sign = signatures::ask(key_id, "ECDSA_SHA_256", None, MESSAGE);
    sign.options = options.clone();
    match operation {
        "Encrypt" => {
            let request = Encrypt { options, ..encryption::encrypt(key_id, MESSAGE, none) };
            service.encrypt(call, request).await.map(|_| ())
        }
        "Decrypt" => {
            let request = Decrypt { options, ..decryption::decrypt(&[7; 100], Some(key_id), none) };
            service.decrypt(call, request).await.map(|_| ())
        }
        "GenerateDataKey" => service.generate_data_key(call, data_key).await.map(|_| ()),
        "GenerateDataKeyWithoutPlaintext" => service.generate_data_key_without_plaintext(call, data_key).await.map(|_| ()),
        "GenerateMac" => service.generate_mac(call, mac).await.map(|_| ()),
        "VerifyMac" => service.verify_mac(call, VerifyMac { of: mac, mac: vec![7; 32] }).await.map(|_| ()),
        "Sign" => service.sign(call, sign).await.map(|_| ()),
        "Verify" => service.verify(call, Verify { of: sign, signature: vec![7; 70] }).await.map(|_| ()),
        _ => {
            let request = DeriveSharedSecret {
                key_id: key_id.to_owned(),
                key_agreement_algorithm: Some("ECDH".to_owned()),
                public_key: house.service.public_key(call, key_id.to_owned()).await.map_or(vec![7], |key| key.spki),
                options,
            };
            service.derive_shared_secret(call, request).await.map(|_| ())
        }
    }
}

fn serves(operation: &str) -> (KeySpec, KeyUsage) {
    match operation {
        "GenerateMac" | "VerifyMac" => (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        "Sign" | "Verify" => (KeySpec::EccNistP256, KeyUsage::SignVerify),
        "DeriveSharedSecret" => (KeySpec::EccNistP256, KeyUsage::KeyAgreement),
        _ => (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
    }
}

#[tokio::test]
async fn a_key_that_is_not_enabled_serves_nothing() {
    let house = start("states").await;
    for (spec, usage) in [
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
        (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        (KeySpec::EccNistP256, KeyUsage::SignVerify),
        (KeySpec::EccNistP256, KeyUsage::KeyAgreement),
    ] {
        let assert_says = async |key_id: &str, kind: Kind, words: &str| {
            for operation in OPERATIONS.into_iter().filter(|operation| serves(operation) == (spec, usage)) {
                // A dry run is refused as the run would be.
                for dry_run in [false, true] {
                    let options = Options { dry_run, ..Options::default() };
                    let refused = said(operate(&house, &call(), operation, key_id, options).await);
                    let message = format!("arn:aws:kms:us-east-1:111122223333:key/{key_id} is {words}.");
                    assert_eq!(refused, (kind, message), "{operation} {spec}");
                }
            }
        };
        let empty = external_key(&house, spec, usage).await;
        assert_says(&empty, Kind::InvalidState, "pending import").await;
        let (key_id, _) = known_key(&house, spec, usage).await;
        house.service.disable_key(&call(), key_id.clone()).await.unwrap();
        assert_says(&key_id, Kind::Disabled, "disabled").await;
        house.service.enable_key(&call(), key_id.clone()).await.unwrap();
        let delete = DeleteImportedKeyMaterial { key_id: key_id.clone(), key_material_id: None };
        house.service.delete_imported_key_material(&call(), delete).await.unwrap();
        assert_says(&key_id, Kind::InvalidState, "pending import").await;
        let schedule = ScheduleKeyDeletion { key_id: key_id.clone(), pending_window_in_days: Some(7) };
        house.service.schedule_key_deletion(&call(), schedule).await.unwrap();
        assert_says(&key_id, Kind::InvalidState, "pending deletion").await;
    }
}

#[tokio::test]
async fn a_key_for_something_else_a_grant_and_an_enclave_are_refused_before_any_state() {
    let house = start("usages").await;
    for operation in OPERATIONS {
        let (spec, usage) = serves(operation);
        let key_id = external_key(&house, spec, usage).await;
        let granted = Options { grant_tokens: vec!["a grant".to_owned()], ..Options::default() };
        let refused = operate(&house, &call(), operation, &key_id, granted).await;
        assert_eq!(said(refused).0, Kind::InvalidGrantToken, "{operation}");
        let enclosed = Options { for_recipient: true, ..Options::default() };
        let refused = operate(&house, &call(), operation, &key_id, enclosed).await;
        assert_eq!(said(refused).0, Kind::Unsupported, "{operation}");

        for other in KeyUsage::ALL.iter().filter(|other| **other != usage) {
            let spec = match other {
                KeyUsage::EncryptDecrypt => KeySpec::SymmetricDefault,
                KeyUsage::GenerateVerifyMac => KeySpec::Hmac256,
                KeyUsage::SignVerify | KeyUsage::KeyAgreement => KeySpec::EccNistP256,
            };
            let key_id = external_key(&house, spec, *other).await;
            let (kind, message) = said(operate(&house, &call(), operation, &key_id, Options::default()).await);
            assert_eq!(kind, Kind::InvalidKeyUsage, "{operation}");
            let words = format!("key/{key_id} key usage is {other} which is not valid for {operation}.");
            assert!(message.ends_with(&words), "{message}");
        }
    }
}

#[tokio::test]
async fn a_dry_run_of_what_would_be_done_says_so() {
    let house = start("dry run").await;
    for operation in OPERATIONS.into_iter().filter(|operation| *operation != "Decrypt") {
        let (spec, usage) = serves(operation);
        let (key_id, _) = known_key(&house, spec, usage).await;
        let refused = operate(&house, &call(), operation, &key_id, super::dry()).await;
        let message = "The request would have succeeded, but the DryRun option is set.".to_owned();
        assert_eq!(said(refused), (Kind::DryRun, message), "{operation}");
    }
}

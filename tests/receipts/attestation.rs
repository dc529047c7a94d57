//! Attestations of wrapping keys: they verify, they say what the token says, and who need not trust the courier can rely on it.

use std::sync::Arc;

use base64ct::{Base64, Encoding};
use coset::{CoseSign1, TaggedCborSerializable};
use keyferry::clock::Clock;
use keyferry::model::{
    MaterialKind, ObjectId, PairKind, PairUse, WrappingKey, WrappingKeyId, WrappingKeySpec, WrappingKeyState,
};
use keyferry::service::{CreateKey, GetParametersForImport, Kind};
use keyferry::statement::{WrappingKeyStatement, verify};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{assert_agree, desk, save_set, server_info, wrap};
use crate::harness::token::Token;
use crate::harness::{Daemon, Installation, Settings, openssl, service};

const VERIFY: [&str; 5] = ["verify-attestation", "--trust", "trust.pem", "--parameters", "set.json"];

#[tokio::test]
async fn what_is_attested_of_a_wrapping_key_is_what_the_token_shows() {
    let daemon = Arc::new(Daemon::start(Settings::default()));
    let (desk, _) = desk(&daemon).await;
    let (set, key) = save_set(&desk, "set.json");
    let shown: Value = serde_json::from_str(&desk.ok(&VERIFY)).unwrap();
    let hash = |member: &Value| openssl::hex(&Sha256::digest(Base64::decode_vec(member.as_str().unwrap()).unwrap()));
    assert_eq!(shown["PublicKeySha256"], hash(&set["PublicKey"]));
    for member in ["KeyId", "KeySpec", "WrappingKeySpec", "WrappingAlgorithm", "HostExposure", "ParametersValidTo"] {
        assert_eq!(shown[member], set[member], "{member}");
    }
    assert!(shown["KeyId"].as_str().unwrap().ends_with(&key));
    assert_eq!((&shown["Path"], &shown["HostExposure"]), (&json!("direct"), &json!("TOKEN")));
    for (attribute, wanted) in [
        ("CKA_LOCAL", true),
        ("CKA_SENSITIVE", true),
        ("CKA_ALWAYS_SENSITIVE", true),
        ("CKA_NEVER_EXTRACTABLE", true),
        ("CKA_EXTRACTABLE", false),
        ("CKA_UNWRAP", true),
        ("CKA_DECRYPT", false),
    ] {
        assert_eq!(shown["Attributes"][attribute], wanted, "{attribute}");
    }
    let profile: Value = serde_json::from_str(&desk.ok(&["get-token-profile"])).unwrap();
    for member in ["ManufacturerId", "Model", "SerialNumber", "FirmwareVersion"] {
        assert_eq!(shown["Token"][member], profile["TokenProfile"][member], "{member}");
    }
    assert_eq!(shown["InstallationId"], desk.query("InstallationId", &["get-server-info"]));
    drop(desk);
    let installation = Arc::into_inner(daemon).unwrap().terminate();
    assert_agree(&shown, &Token::open(&installation.token).audit());
}

#[tokio::test]
async fn openssl_verifies_the_signature_over_the_structure_of_rfc_9052() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    let signer = server_info(&client).await.attestation_public_key;
    let cose = CoseSign1::from_tagged_slice(&set.attestation).unwrap();
    let (structure, signature) = (cose.tbs_data(&[]), openssl::ecdsa_der(&cose.signature));
    assert!(openssl::ecdsa_verifies(&signer, 256, &structure, &signature));
    assert!(!openssl::ecdsa_verifies(&signer, 256, &structure[1..], &signature));
    let statement: WrappingKeyStatement = verify(&set.attestation, &signer).unwrap();
    assert_eq!(statement.key_arn, key.arn);
    assert_eq!(statement.vendor_hash, None);
}

#[tokio::test]
async fn a_trusted_set_wraps_and_each_set_has_a_statement_of_its_own() {
    let (desk, _) = desk(&Daemon::shared()).await;
    let (first, _) = save_set(&desk, "set.json");
    let (second, _) = save_set(&desk, "second.json");
    assert_ne!(first["Attestation"], second["Attestation"]);
    for set in ["set.json", "second.json"] {
        let run = wrap(&desk, set);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    }
}

#[tokio::test]
async fn what_the_vendor_attests_rides_along_and_is_bound_by_its_hash() {
    let installation = Installation::new(Settings::default());
    std::fs::write(installation.file("vendor.bin"), b"of the vendor's making").unwrap();
    let pin_file = format!("pin_file = \"{}\"", installation.file("pin").display());
    let vendor = format!("vendor_attestation_file = \"{}\"\n", installation.file("vendor.bin").display());
    installation.edit_config(&pin_file, &format!("{vendor}{pin_file}"));
    let (desk, _) = desk(&Arc::new(Daemon::serve(installation, &[]))).await;
    let (mut set, _) = save_set(&desk, "set.json");
    assert_eq!(set["VendorAttestation"], Base64::encode_string(b"of the vendor's making"));
    let hash = desk.query("VendorAttestationSha256", &VERIFY);
    assert_eq!(hash, openssl::hex(&Sha256::digest(b"of the vendor's making")));
    for another in [json!("AAAA"), Value::Null] {
        match another {
            Value::Null => drop(set.as_object_mut().unwrap().remove("VendorAttestation")),
            another => set["VendorAttestation"] = another,
        }
        desk.write("set.json", set.to_string());
        let run = wrap(&desk, "set.json");
        assert_eq!(run.code, 255);
        assert!(run.stderr.contains("SHA-256 of VendorAttestation is not what the attestation says"), "{}", run.stderr);
    }
}

#[test]
fn what_the_vendor_attests_must_be_there_to_be_read() {
    let installation = Installation::new(Settings::default());
    let pin_file = format!("pin_file = \"{}\"", installation.file("pin").display());
    installation.edit_config(&pin_file, &format!("vendor_attestation_file = \"/no/such/vendor\"\n{pin_file}"));
    let said = Daemon::refusal_to_start(&installation);
    assert!(said.contains("check hsm.vendor_attestation_file") && said.contains("/no/such/vendor"), "{said}");
}

/// As if somebody had put another key into the database.
#[tokio::test]
async fn a_wrapping_key_that_is_not_the_one_on_record_is_not_attested() {
    let house = service::start("another-pair").await;
    let kind = PairKind { spec: WrappingKeySpec::Rsa2048, pair_use: PairUse::Unwrap };
    let pair = WrappingKey {
        id: WrappingKeyId::random(),
        object: ObjectId::random(),
        token: house.service.profile().serial_number.clone(),
        kind,
        state: WrappingKeyState::Making,
        spki: Vec::new(),
        created_at: house.clock.now(),
        issue: None,
        attempts: 0,
        answer: None,
    };
    house.store.begin_wrapping_key(&pair).await.unwrap();
    let object = pair.object;
    house.hsm.make(move |token| token.make_wrapping_key(&object, kind)).await.unwrap();
    let mallory = openssl::public_key(&openssl::private_key(MaterialKind::Rsa(2048)));
    house.store.wrapping_key_ready(&pair.id, &mallory).await.unwrap();

    let create = CreateKey { origin: Some("EXTERNAL".to_owned()), ..CreateKey::default() };
    let created = house.service.create_key(&service::call(), create).await.unwrap();
    let request = GetParametersForImport {
        key_id: created.key.id.as_str().to_owned(),
        wrapping_algorithm: Some("RSAES_OAEP_SHA_1".to_owned()),
        wrapping_key_spec: Some("RSA_2048".to_owned()),
    };
    let refusal = house.service.parameters_for_import(&service::call(), request).await.unwrap_err();
    assert_eq!((refusal.kind(), refusal.to_string()), (Kind::Internal, "internal error".to_owned()));
}

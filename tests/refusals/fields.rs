//! Fields out of range, unknown members, and fields that do not go together.

use std::time::{Duration, SystemTime};

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::{Daemon, Plaintext};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const UNKNOWN: i32 = 99;

fn constraint(field: &str, value: &str, constraint: &str) -> String {
    format!("1 validation error detected: {value} at '{field}' failed to satisfy constraint: {constraint}")
}

fn length(field: &str, bound: &str) -> String {
    constraint(field, "Value", &format!("Member must have length {bound}"))
}

/// How a refusal of an unknown member begins; the members follow.
fn unknown(field: &str) -> String {
    constraint(field, &format!("Value '{UNKNOWN}'"), "Member must satisfy enum value set: [")
}

fn null(field: &str) -> String {
    constraint(field, "Value null", "Member must not be null")
}

#[tokio::test]
async fn create_key_refuses_what_makes_no_key() {
    use pb::{CreateKeyRequest as Request, KeySpec as Spec, KeyUsage as Usage, Origin};
    let needs_usage = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.";
    let external = || Request { origin: Origin::External.into(), ..Default::default() };
    let of = |spec: Spec, usage: Usage| Request { key_spec: spec.into(), key_usage: usage.into(), ..external() };
    #[rustfmt::skip]
    let cases = [
        (Request { description: "x".repeat(8193), ..external() }, "ValidationException", "description", length("description", "less than or equal to 8192")),
        (Request { key_spec: UNKNOWN, ..external() },             "ValidationException", "keySpec",     unknown("keySpec")),
        (Request { key_usage: UNKNOWN, ..external() },            "ValidationException", "keyUsage",    unknown("keyUsage")),
        (Request { origin: UNKNOWN, ..Default::default() },       "ValidationException", "origin",      unknown("origin")),
        (of(Spec::Hmac256, Usage::Unspecified),                   "ValidationException", "keyUsage",    needs_usage.to_owned()),
        (of(Spec::Rsa2048, Usage::Unspecified),                   "ValidationException", "keyUsage",    needs_usage.to_owned()),
        (of(Spec::Rsa2048, Usage::KeyAgreement),                  "ValidationException", "keyUsage",    "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048".to_owned()),
        (of(Spec::SymmetricDefault, Usage::SignVerify),           "ValidationException", "keyUsage",    "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT".to_owned()),
        (of(Spec::EccSecgP256k1, Usage::KeyAgreement),            "ValidationException", "keyUsage",    "KeyUsage KEY_AGREEMENT is not compatible with KeySpec ECC_SECG_P256K1".to_owned()),
        (of(Spec::Hmac512, Usage::EncryptDecrypt),                "ValidationException", "keyUsage",    "KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec HMAC_512".to_owned()),
    ];
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    for (request, reason, field, message) in cases {
        let case = format!("{field}: {message}");
        let refusal = call!(client.keys(), create_key, request).expect_err(&case);
        refusal.assert_is(reason, &case).assert_blames(field, &case);
        assert!(
            refusal.message == message || (message.ends_with('[') && refusal.message.starts_with(&message)),
            "{refusal:?}"
        );
    }
    // Known names of what is not served.
    for (spec, usage) in [
        (Spec::Sm2, Usage::SignVerify),
        (Spec::MlDsa44, Usage::SignVerify),
        (Spec::MlDsa65, Usage::SignVerify),
        (Spec::MlDsa87, Usage::SignVerify),
        (Spec::EccNistEdwards25519, Usage::SignVerify),
    ] {
        for origin in [Origin::External, Origin::AwsKms] {
            let case = format!("{spec:?} {origin:?}");
            let refusal =
                call!(client.keys(), create_key, Request { origin: origin.into(), ..of(spec, usage) }).expect_err(&case);
            let name = spec.as_str_name().trim_start_matches("KEY_SPEC_");
            assert!(refusal.assert_is("UnsupportedOperationException", &case).message.contains(name), "{refusal:?}");
        }
    }
    for origin in [Origin::AwsCloudhsm, Origin::ExternalKeyStore] {
        let refusal = call!(client.keys(), create_key, Request { origin: origin.into(), ..Default::default() }).unwrap_err();
        refusal.assert_is("UnsupportedOperationException", origin.as_str_name());
    }
}

#[tokio::test]
async fn get_parameters_for_import_refuses_what_wraps_nothing() {
    use pb::{WrappingAlgorithm as Algorithm, WrappingKeySpec as Wrapping};
    let mismatch = |algorithm: &str, wrapping: &str| {
        format!(
            "Wrapping algorithm {algorithm} and wrapping key spec {wrapping} cannot be used to import a SYMMETRIC_DEFAULT key."
        )
    };
    let (good, small) = (Algorithm::RsaesOaepSha256 as i32, Wrapping::Rsa2048 as i32);
    #[rustfmt::skip]
    let cases = [
        (0,                                small,                "wrappingAlgorithm", null("wrappingAlgorithm")),
        (good,                             0,                    "wrappingKeySpec",   null("wrappingKeySpec")),
        (UNKNOWN,                          small,                "wrappingAlgorithm", unknown("wrappingAlgorithm")),
        (good,                             UNKNOWN,              "wrappingKeySpec",   unknown("wrappingKeySpec")),
        (Algorithm::RsaesPkcs1V15 as i32,  small,                "wrappingAlgorithm", mismatch("RSAES_PKCS1_V1_5", "RSA_2048") + " RSAES_PKCS1_V1_5 is withdrawn: use RSAES_OAEP_SHA_256."),
        (good,                             Wrapping::Sm2 as i32, "wrappingAlgorithm", mismatch("RSAES_OAEP_SHA_256", "SM2")),
        (Algorithm::Sm2pke as i32,         small,                "wrappingAlgorithm", mismatch("SM2PKE", "RSA_2048")),
        (Algorithm::Sm2pke as i32,         Wrapping::Sm2 as i32, "wrappingAlgorithm", mismatch("SM2PKE", "SM2")),
        (Algorithm::RsaAesKeyWrapSha256 as i32, small,           "wrappingAlgorithm", mismatch("RSA_AES_KEY_WRAP_SHA_256", "RSA_2048")),
    ];
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    for (wrapping_algorithm, wrapping_key_spec, field, message) in cases {
        let request =
            pb::GetParametersForImportRequest { key_id: key.key_id.clone(), wrapping_algorithm, wrapping_key_spec };
        let refusal = call!(client.imports(), get_parameters_for_import, request).expect_err(&message);
        refusal.assert_is("ValidationException", &message).assert_blames(field, &message);
        assert!(
            refusal.message == message || (message.ends_with('[') && refusal.message.starts_with(&message)),
            "{refusal:?}"
        );
    }
    assert_eq!(client.describe(&key.key_id).await, key);
}

#[tokio::test]
async fn import_key_material_refuses_wrong_fields_and_the_set_still_serves() {
    use pb::ImportKeyMaterialRequest as Request;
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    let good = import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
    let with = |change: &dyn Fn(&mut Request)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let expiring = |valid_to: Option<prost_types::Timestamp>| Request {
        valid_to,
        expiration_model: pb::ExpirationModel::KeyMaterialExpires.into(),
        ..good.clone()
    };
    let in_a = |duration: Duration| Some((SystemTime::now() + duration).into());
    let no_date = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES";
    let past = "ValidTo must be in the future";
    let new_with_id = "A keyMaterialId cannot be set if the ImportType is NEW_KEY_MATERIAL";
    let id = "ab".repeat(32);
    // An empty message: the reference's words are not known, ours may change; code and field may not.
    #[rustfmt::skip]
    let cases = [
        (with(&|r| r.import_token = vec![]),               "importToken",            length("importToken", "greater than or equal to 1")),
        (with(&|r| r.import_token = vec![1; 6145]),        "importToken",            length("importToken", "less than or equal to 6144")),
        (with(&|r| r.encrypted_key_material = vec![]),     "encryptedKeyMaterial",   length("encryptedKeyMaterial", "greater than or equal to 1")),
        (with(&|r| r.encrypted_key_material = vec![1; 6145]), "encryptedKeyMaterial", length("encryptedKeyMaterial", "less than or equal to 6144")),
        (with(&|r| r.expiration_model = UNKNOWN),          "expirationModel",        unknown("expirationModel")),
        (with(&|r| r.import_type = UNKNOWN),               "importType",             unknown("importType")),
        (expiring(None),                                   "validTo",                no_date.to_owned()),
        (with(&|r| r.expiration_model = 0),                "validTo",                no_date.to_owned()), // KEY_MATERIAL_EXPIRES is the default
        (expiring(Some((SystemTime::now() - DAY).into())), "validTo",                past.to_owned()),
        (expiring(Some(SystemTime::UNIX_EPOCH.into())),    "validTo",                past.to_owned()),
        (expiring(Some(prost_types::Timestamp { seconds: i64::MIN, nanos: 0 })), "validTo", String::new()),
        (expiring(Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })), "validTo", String::new()),
        (expiring(in_a(DAY * 365 + Duration::from_secs(60))), "validTo",             String::new()),
        (with(&|r| r.valid_to = in_a(DAY)),                "validTo",                String::new()), // with KEY_MATERIAL_DOES_NOT_EXPIRE
        (with(&|r| r.key_material_description = Some("x".repeat(257))), "keyMaterialDescription", length("keyMaterialDescription", "less than or equal to 256")),
        (with(&|r| r.key_material_description = Some("no!".into())), "keyMaterialDescription", String::new()),
        (with(&|r| r.key_material_description = Some("ö".into())), "keyMaterialDescription", String::new()),
        (with(&|r| r.key_material_id = Some(String::new())), "keyMaterialId",        String::new()),
        (with(&|r| r.key_material_id = Some("a".repeat(63))), "keyMaterialId",       String::new()),
        (with(&|r| r.key_material_id = Some("a".repeat(65))), "keyMaterialId",       String::new()),
        (with(&|r| r.key_material_id = Some("A".repeat(64))), "keyMaterialId",       String::new()),
        (with(&|r| { r.key_material_id = Some(id.clone()); r.import_type = pb::ImportType::NewKeyMaterial.into() }), "keyMaterialId", new_with_id.to_owned()),
        (with(&|r| r.key_material_id = Some(id.clone())),  "keyMaterialId",          new_with_id.to_owned()), // NEW is the default for a first import
        (with(&|r| { r.encrypted_key_material.pop(); }),   "encryptedKeyMaterial",   "Invalid encrypted key size.".to_owned()),
    ];
    for (request, field, message) in cases {
        let case = format!("{field}: {message}");
        let refusal = client.import(request).await.expect_err(&case);
        refusal.assert_is("ValidationException", &case).assert_blames(field, &case);
        let open = message.is_empty() || (message.ends_with('[') && refusal.message.starts_with(&message));
        assert!(open || refusal.message == message, "{case}: {refusal:?}");
        assert_eq!(client.describe(&key.key_id).await, key, "{case}");
    }
    client.import(good).await.unwrap();
}

#[tokio::test]
async fn what_is_for_symmetric_keys_is_refused_for_others() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    for (spec, usage) in [(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac), (KeySpec::EccNistP256, KeyUsage::SignVerify)] {
        let key = client.create_external(spec, usage).await;
        let set = client.some_parameters(&key.key_id).await;
        let good = import_request(&set, Plaintext::for_spec(spec).wrap_simply(&set.public_key));
        #[rustfmt::skip]
        let cases = [
            ("ImportType", pb::ImportKeyMaterialRequest { import_type: pb::ImportType::NewKeyMaterial.into(), ..good.clone() }),
            ("ImportType", pb::ImportKeyMaterialRequest { import_type: pb::ImportType::ExistingKeyMaterial.into(), ..good.clone() }),
            ("KeyMaterialDescription", pb::ImportKeyMaterialRequest { key_material_description: Some("x".into()), ..good.clone() }),
            ("KeyMaterialId", pb::ImportKeyMaterialRequest { key_material_id: Some("ab".repeat(32)), ..good.clone() }),
        ];
        for (field, request) in cases {
            let message = format!("{} key spec {spec} is not valid for {field}.", key.arn);
            client.import(request).await.unwrap_err().assert_says("UnsupportedOperationException", &message, field);
            assert_eq!(client.describe(&key.key_id).await, key, "{field}");
        }
        let answer = client.import(good).await.unwrap();
        assert_eq!(answer.key_material_id, "", "only symmetric keys show one");
        let request =
            pb::DeleteImportedKeyMaterialRequest { key_id: key.key_id.clone(), key_material_id: Some("ab".repeat(32)) };
        let message = format!("{} key spec {spec} is not valid for KeyMaterialId.", key.arn);
        let refusal = call!(client.imports(), delete_imported_key_material, request).unwrap_err();
        refusal.assert_says("UnsupportedOperationException", &message, "DeleteImportedKeyMaterial");
    }
}

#[tokio::test]
async fn a_deletion_window_and_a_description_have_their_bounds() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    #[rustfmt::skip]
    let windows = [
        (6, "Member must have value greater than or equal to 7"), (0, "Member must have value greater than or equal to 7"),
        (-1, "Member must have value greater than or equal to 7"), (31, "Member must have value less than or equal to 30"),
        (i32::MAX, "Member must have value less than or equal to 30"),
    ];
    for (days, bound) in windows {
        let request = pb::ScheduleKeyDeletionRequest { key_id: key.key_id.clone(), pending_window_in_days: Some(days) };
        let refusal = call!(client.keys(), schedule_key_deletion, request).unwrap_err();
        let message = constraint("pendingWindowInDays", &format!("Value '{days}'"), bound);
        refusal.assert_says("ValidationException", &message, &message);
        refusal.assert_blames("pendingWindowInDays", &message);
    }
    let descriptions =
        [(Some("x".repeat(8193)), length("description", "less than or equal to 8192")), (None, null("description"))];
    for (description, message) in descriptions {
        let request = pb::UpdateKeyDescriptionRequest { key_id: key.key_id.clone(), description };
        let refusal = call!(client.keys(), update_key_description, request).unwrap_err();
        refusal.assert_says("ValidationException", &message, &message);
        refusal.assert_blames("description", &message);
    }
    assert_eq!(client.describe(&key.key_id).await, key);
}

#[tokio::test]
async fn a_material_that_a_symmetric_key_never_had_cannot_be_deleted() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    client.import(import_request(&set, Plaintext::aes().wrap_simply(&set.public_key))).await.unwrap();
    let before = client.describe(&key.key_id).await;
    let delete = |id: String| pb::DeleteImportedKeyMaterialRequest { key_id: key.key_id.clone(), key_material_id: Some(id) };
    let refusal = call!(client.imports(), delete_imported_key_material, delete("ab".repeat(32))).unwrap_err();
    refusal.assert_is("NotFoundException", "an unknown material");
    for id in [String::new(), "a".repeat(63), "A".repeat(64), "g".repeat(64)] {
        let refusal = call!(client.imports(), delete_imported_key_material, delete(id.clone())).unwrap_err();
        refusal.assert_is("ValidationException", &id).assert_blames("keyMaterialId", &id);
    }
    assert_eq!(client.describe(&key.key_id).await, before);
}

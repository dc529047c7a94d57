use super::*;
use crate::model::MaterialKind;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn saved(change: impl FnOnce(&mut Value)) -> Result<Parameters, Unusable> {
    let mut set = json!({
        "KeyId": ARN,
        "ImportToken": "AQID",
        "PublicKey": "BAUG",
        "ParametersValidTo": "2026-12-01T12:00:00.5Z",
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "WrappingKeySpec": "RSA_2048",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "HostExposure": "TOKEN",
    });
    change(&mut set);
    Parameters::from_json(set.to_string().as_bytes())
}

#[test]
fn a_saved_answer_is_read_back() {
    let set = saved(|_| {}).unwrap();
    assert_eq!(
        (set.key_id.as_str(), set.import_token.as_slice(), set.public_key.as_slice()),
        (ARN, &[1, 2, 3][..], &[4, 5, 6][..])
    );
    assert_eq!(set.parameters_valid_to, Timestamp::from_millis(1_796_126_400_500));
    assert_eq!(set.wrapping_algorithm, WrappingAlgorithm::RsaesOaepSha256);
    assert_eq!((set.wrapping_key_spec, set.key_spec), (WrappingKeySpec::Rsa2048, KeySpec::SymmetricDefault));
    assert_eq!(set.host_exposure, Some(HostExposure::Token));
    assert!(!format!("{set:?}").contains("[1, 2, 3]"), "the import token is nobody's business");
}

#[test]
fn the_references_own_form_of_a_time_is_a_number() {
    let set = saved(|set| set["ParametersValidTo"] = json!(1_796_126_400.5)).unwrap();
    assert_eq!(set.parameters_valid_to, Timestamp::from_millis(1_796_126_400_500));
}

#[test]
fn what_the_reference_does_not_have_may_be_absent() {
    let set = saved(|set| drop(set.as_object_mut().unwrap().remove("HostExposure"))).unwrap();
    assert_eq!(set.host_exposure, None);
}

#[test]
fn the_member_that_is_missing_or_wrong_is_named() {
    for member in
        ["KeyId", "ImportToken", "PublicKey", "ParametersValidTo", "WrappingAlgorithm", "WrappingKeySpec", "KeySpec"]
    {
        let missing = saved(|set| drop(set.as_object_mut().unwrap().remove(member))).unwrap_err();
        assert_eq!(missing.to_string(), format!("no saved answer of get-parameters-for-import: missing field `{member}`"));
    }
    #[rustfmt::skip]
    let cases = [
        ("KeyId",             json!("alias/x"), "KeyId \"alias/x\" is no key id or key ARN"),
        ("KeyId",             json!(7),         "KeyId is no text"),
        ("ImportToken",       json!("%"),       "ImportToken is no base64"),
        ("PublicKey",         json!("AA"),      "PublicKey is no base64"), // without its padding
        ("ParametersValidTo", json!("soon"),    "ParametersValidTo \"soon\" is no time"),
        ("ParametersValidTo", json!(-1),        "ParametersValidTo -1 is no time"),
        ("ParametersValidTo", json!(1e300),     "ParametersValidTo 1e+300 is no time"),
        ("ParametersValidTo", json!(null),      "ParametersValidTo null is no time"),
        ("WrappingAlgorithm", json!("ROT13"),   "WrappingAlgorithm \"ROT13\" is unknown"),
        ("WrappingKeySpec",   json!("RSA_1"),   "WrappingKeySpec \"RSA_1\" is unknown"),
        ("KeySpec",           json!(""),        "KeySpec \"\" is unknown"),
        ("HostExposure",      json!("ALL"),     "HostExposure \"ALL\" is unknown"),
    ];
    for (member, value, message) in cases {
        assert_eq!(saved(|set| set[member] = value).unwrap_err().to_string(), message);
    }
    for text in ["", "[]", "{", "KeyId: x"] {
        let refusal = Parameters::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(refusal.starts_with("no saved answer of get-parameters-for-import: "), "{refusal}");
    }
}

#[test]
fn a_set_that_is_over_or_contradicts_itself_wraps_nothing() {
    let material = wrap::material(MaterialKind::Aes256, &[7; 32]).unwrap();
    let rsa = spki::rsa(&[0xFF; 256], &[1, 0, 1]).unwrap();
    let set = Parameters { public_key: rsa, ..saved(|_| {}).unwrap() };
    let end = set.parameters_valid_to;
    let before = Timestamp::from_millis(end.as_millis() - 1);
    assert_eq!(set.wrap(&material, before).unwrap().blob.len(), 256);
    let refusal = |set: Parameters, now| set.wrap(&material, now).unwrap_err().to_string();
    assert_eq!(refusal(set.clone(), end), "the parameters ended at 2026-12-01T12:00:00.5Z: get new parameters for import");
    assert_eq!(
        refusal(Parameters { wrapping_key_spec: WrappingKeySpec::Rsa3072, ..set.clone() }, before),
        "PublicKey is not of the WrappingKeySpec RSA_3072"
    );
    assert_eq!(
        refusal(Parameters { public_key: vec![0; 3], ..set.clone() }, before),
        "the public key is of no use: not a DER SubjectPublicKeyInfo"
    );
    assert_eq!(
        refusal(Parameters { wrapping_algorithm: WrappingAlgorithm::RsaAesKeyWrapSha256, ..set.clone() }, before),
        "Wrapping algorithm RSA_AES_KEY_WRAP_SHA_256 and wrapping key spec RSA_2048 cannot be used to import a SYMMETRIC_DEFAULT key. Such a key fits with RSAES_OAEP_SHA_256."
    );
    assert_eq!(
        refusal(Parameters { key_spec: KeySpec::Hmac512, ..set }, before),
        "the key material is 32 bytes; expected exactly 64 raw bytes for HMAC_SHA_512"
    );
}

/// 32 bytes prove themselves otherwise as an AES key than as an HMAC key: what counts is the key they are for.
#[test]
fn material_is_proved_as_material_of_the_key_it_is_for() {
    let rsa = spki::rsa(&[0xFF; 256], &[1, 0, 1]).unwrap();
    let set = Parameters { public_key: rsa, key_spec: KeySpec::Hmac256, ..saved(|_| {}).unwrap() };
    let (aes, kind) = (wrap::material(MaterialKind::Aes256, &[7; 32]).unwrap(), KeySpec::Hmac256.material().unwrap());
    let hmac = wrap::material(kind, &[7; 32]).unwrap();
    let wrapped = set.wrap(&aes, Timestamp::from_millis(0)).unwrap();
    assert_eq!(wrapped.key_material_id, hmac.evidence().material_id(&set.key().unwrap()));
    assert_eq!(wrapped.kcv, None);
}

#[test]
#[allow(clippy::print_stderr)]
fn material_that_may_wait_for_a_service_is_kept_out_of_the_swap() {
    if !wrap::Locked::from([0; 32].as_slice()).is_locked() {
        eprintln!("skipped: this system locks no memory for its users");
        return;
    }
    let given = wrap::material(MaterialKind::Aes256, &[7; 32]).unwrap();
    assert!(!given.is_locked(), "a service locks all of its memory, and must not have it unlocked again");
    assert!(as_of(KeySpec::Hmac256, &given).unwrap().is_locked());
    // PKCS#8 of a P-256 key whose scalar is 32 times 7 (RFC 5915 in RFC 5958), the public key left out.
    let pkcs8 = base16ct::mixed::decode_vec(concat!(
        "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420",
        "0707070707070707070707070707070707070707070707070707070707070707"
    ));
    let material = wrap::material(KeySpec::EccNistP256.material().unwrap(), &pkcs8.unwrap()).unwrap();
    let kept = as_of(KeySpec::EccNistP256, &material).unwrap();
    assert_eq!((kept.ec_scalar(), kept.is_locked()), (Some(&[7; 32][..]), true), "the scalar as well");
}

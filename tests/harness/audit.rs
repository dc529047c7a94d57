//! What a token must hold, and nothing else: invariants 1 and 4 of an installation, checked object by object.

use std::collections::{BTreeMap, BTreeSet};

use keyferry::model::{KeySpec, KeyUsage, MaterialKind, ObjectKind};

use super::Installation;
use super::record::Record;
use super::token::{Object, Token};

/// What is known of a key: its spec and usage, by its id.
pub type Keys = BTreeMap<String, (KeySpec, KeyUsage)>;

/// What every token has once, and no record names.
const OUR_OWN: [ObjectKind; 5] =
    [ObjectKind::AccessKeys, ObjectKind::Attestation, ObjectKind::Audit, ObjectKind::Installation, ObjectKind::Mac];

/// Checks that token and record agree and that every object is as hard as it must be. The daemon must be down or idle.
pub async fn assert_sound(installation: &Installation, keys: &Keys) -> Vec<Object> {
    let record = Record::read(installation).await;
    let objects = Token::open(&installation.token).audit();
    for object in &objects {
        let kind = ObjectKind::of_label(&object.label).unwrap_or_else(|| panic!("an object of nobody's: {object:?}"));
        // A data object has no CKA_ID: its label says whose installation it is.
        if kind != ObjectKind::Installation {
            assert_eq!(object.label, format!("keyferry/{kind}/{}", object.id));
        }
        assert_eq!(object.escapes, [""; 0], "{object:?}");
        let mut expected = vec!["PRIVATE", "TOKEN"];
        if kind != ObjectKind::Installation {
            assert_eq!(object.readable, [""; 0], "{object:?}");
            expected.push("SENSITIVE");
        }
        let mut mechanisms = vec![];
        let (class, key_type, may) = match kind {
            ObjectKind::AccessKeys => ("secret", "GENERIC_SECRET", vec!["SIGN"]),
            ObjectKind::Attestation | ObjectKind::Audit => ("private", "EC", vec!["SIGN"]),
            ObjectKind::Installation => ("data", "", vec![]),
            ObjectKind::Mac => ("secret", "GENERIC_SECRET", vec!["SIGN", "VERIFY"]),
            ObjectKind::WrappingKey if may(object, "DECRYPT") => {
                mechanisms.push("RSA_X_509");
                ("private", "RSA", vec!["DECRYPT"])
            }
            ObjectKind::WrappingKey if may(object, "DERIVE") => {
                mechanisms.push("ECDH1_DERIVE");
                ("private", "EC", vec!["DERIVE"])
            }
            ObjectKind::WrappingKey => {
                mechanisms.push("RSA_PKCS_OAEP");
                ("private", "RSA", vec!["UNWRAP"])
            }
            ObjectKind::Material => {
                let key = record.materials.get(&object.id).unwrap_or_else(|| panic!("an orphan: {object:?}"));
                let (spec, usage) = keys.get(key).unwrap_or_else(|| panic!("{key} is no key of this test"));
                expected_of(*spec, *usage)
            }
        };
        expected.extend(may);
        expected.sort_unstable();
        assert_eq!((&*object.class, &*object.key_type), (class, key_type), "{object:?}");
        assert_eq!(object.mechanisms, mechanisms, "{object:?}");
        assert_eq!(object.set, expected, "{object:?}");
    }
    let ids = |kind| -> BTreeSet<&String> {
        objects.iter().filter(|object| ObjectKind::of_label(&object.label) == Some(kind)).map(|object| &object.id).collect()
    };
    assert_eq!(ids(ObjectKind::Material), record.materials.keys().collect(), "material: token and record");
    assert_eq!(ids(ObjectKind::WrappingKey), record.wrapping_keys.keys().collect(), "wrapping keys: token and record");
    assert_eq!(record.unsettled, Default::default(), "under way, or to be destroyed");
    for kind in OUR_OWN {
        assert_eq!(ids(kind).len(), 1, "{kind}");
    }
    objects
}

/// Checks that whatever the token holds is named by the record, as it must be at any moment. The daemon must be down or idle.
pub async fn assert_no_orphans(installation: &Installation, case: &str) {
    let record = Record::read(installation).await;
    for object in Token::open(&installation.token).audit() {
        let named = match ObjectKind::of_label(&object.label) {
            Some(kind) => OUR_OWN.contains(&kind) || record.names(&object.id),
            None => false,
        };
        assert!(named, "{case}: an orphan: {object:?}");
    }
}

/// Whether the object has this flag.
pub fn may(object: &Object, flag: &str) -> bool {
    object.set.iter().any(|set| set == flag)
}

fn expected_of(spec: KeySpec, usage: KeyUsage) -> (&'static str, &'static str, Vec<&'static str>) {
    let kind = spec.material().unwrap();
    let secret = kind.secret_bytes().is_some();
    let key_type = match kind {
        MaterialKind::Aes256 => "AES",
        MaterialKind::Hmac(_) => "GENERIC_SECRET",
        MaterialKind::Rsa(_) => "RSA",
        MaterialKind::Ec(_) => "EC",
    };
    let may = match usage {
        KeyUsage::EncryptDecrypt if secret => vec!["ENCRYPT", "DECRYPT"],
        // The token's part of SM2's decryption is a derivation.
        KeyUsage::EncryptDecrypt if spec == KeySpec::Sm2 => vec!["DERIVE"],
        KeyUsage::EncryptDecrypt => vec!["DECRYPT"],
        KeyUsage::GenerateVerifyMac => vec!["SIGN", "VERIFY"],
        KeyUsage::SignVerify => vec!["SIGN"],
        KeyUsage::KeyAgreement => vec!["DERIVE"],
    };
    (if secret { "secret" } else { "private" }, key_type, may)
}

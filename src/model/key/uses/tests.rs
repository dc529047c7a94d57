//! When a key may be used, and with what.

use super::super::super::{Expiration, KeySpec, MaterialPresence, Rotation};
use super::super::Deletion;
use super::super::example::NOW;
use super::*;

/// One that was rotated, and has another material waiting.
fn key() -> Key {
    let material = |byte, rotation| Material { object: ObjectId([byte; 16]), rotation, ..Material::example(byte) };
    Key {
        materials: vec![
            material(1, Rotation::NonCurrent),
            material(2, Rotation::Current),
            material(3, Rotation::PendingRotation),
        ],
        ..Key::example()
    }
}

#[test]
fn material_that_was_imported_again_is_another_object() {
    let (before, mut after) = (key(), key());
    let old = ObjectId([2; 16]);
    assert_eq!(after.object_now(&before, old), None, "it is where it was");
    after.materials[1].object = ObjectId([9; 16]);
    assert_eq!(after.object_now(&before, old), Some(ObjectId([9; 16])));
    after.materials.remove(1);
    assert_eq!(after.object_now(&before, old), None);
    assert_eq!(after.object_now(&before, ObjectId([7; 16])), None, "it never was the key's");
}

#[test]
fn a_key_is_used_with_its_current_material_and_again_with_those_before_it() {
    let key = key();
    assert_eq!(key.use_now(NOW).map(|material| material.id), Ok(KeyMaterialId([2; 32])));
    let again = |byte| key.use_again(&KeyMaterialId([byte; 32]), NOW).map(|found| found.map(|it| it.object.0[0]));
    assert_eq!([again(1), again(2)], [Ok(Some(1)), Ok(Some(2))]);
    assert_eq!([again(3), again(4)], [Ok(None), Ok(None)], "what waits has encrypted nothing yet");
}

#[test]
fn the_state_of_a_key_says_why_it_is_not_used() {
    let refuses = |alter: &dyn Fn(&mut Key)| {
        let mut key = key();
        alter(&mut key);
        let again = key.use_again(&KeyMaterialId([2; 32]), NOW).map(|_| ());
        assert_eq!(key.use_now(NOW).map(|_| ()), again);
        again.unwrap_err()
    };
    assert_eq!(refuses(&|key| key.enabled = false), Refused::Disabled);
    assert_eq!(refuses(&|key| key.materials.clear()), Refused::PendingImport);
    assert_eq!(refuses(&|key| key.materials[0].presence = MaterialPresence::Deleted), Refused::PendingImport);
    assert_eq!(refuses(&|key| key.materials[1].expiration = Expiration::At(NOW)), Refused::PendingImport);
    let deletion = Deletion { at: Some(NOW), window_in_days: 7 };
    assert_eq!(refuses(&|key| key.deletion = Some(deletion)), Refused::PendingDeletion);
}

#[test]
fn a_key_serves_its_usage_and_the_algorithms_that_go_with_it() {
    let key = Key { spec: KeySpec::EccNistP384, usage: KeyUsage::SignVerify, ..key() };
    assert_eq!(key.require_usage(KeyUsage::SignVerify, "Sign"), Ok(()));
    let refused = Refused::Usage { usage: KeyUsage::SignVerify, operation: "Encrypt" };
    assert_eq!(key.require_usage(KeyUsage::EncryptDecrypt, "Encrypt"), Err(refused));
    assert_eq!(key.require_algorithm("ECDSA_SHA_384"), Ok(()));
    for algorithm in ["ECDSA_SHA_256", "ECDH", "SM2DSA"] {
        assert_eq!(key.require_algorithm(algorithm), Err(Refused::Algorithm { algorithm, spec: KeySpec::EccNistP384 }));
    }
}

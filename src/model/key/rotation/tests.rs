//! When a key rotates, and what it has afterwards.

use super::super::super::{Expiration, ImportType, KeySpec};
use super::super::Arrival;
use super::super::example::NOW;
use super::*;

fn arrival(import_type: ImportType, expiration: Expiration) -> Arrival {
    Arrival { import_type: Some(import_type), material_id: None, description: None, expiration }
}

fn brings(key: &mut Key, byte: u8, import_type: ImportType, expiration: Expiration) {
    key.accept(arrival(import_type, expiration), Material::example(byte), NOW).unwrap();
}

/// A key with material 1, to which more can come.
fn filled() -> Key {
    let mut key = Key::example();
    brings(&mut key, 1, ImportType::New, Expiration::Never);
    key
}

fn second(seconds: u64) -> Timestamp {
    NOW.after(std::time::Duration::from_secs(seconds))
}

#[test]
fn what_waits_becomes_current_and_what_was_current_stays() {
    let mut key = filled();
    brings(&mut key, 2, ImportType::New, Expiration::Never);
    assert_eq!(key.state(NOW), KeyState::Enabled, "what waits is nobody's business yet");
    let [first, next] = [KeyMaterialId([1; 32]), KeyMaterialId([2; 32])];
    assert_eq!(key.rotate(second(1)), Ok(Turn { previous: Some(first), current: next }));
    let places: Vec<_> = key.materials.iter().map(|material| (material.rotation, material.rotated_at)).collect();
    assert_eq!(places, [(Rotation::NonCurrent, None), (Rotation::Current, Some(second(1)))]);
    assert_eq!(key.rotate(second(2)), Err(Refused::NoneToRotateTo));
}

#[test]
fn the_reasons_against_a_rotation_come_in_the_references_order() {
    type Change = fn(&mut Key);
    let disabled: Change = |key| key.enabled = false;
    let asymmetric: Change = |key| key.spec = KeySpec::Rsa2048;
    let doomed: Change = |key| drop(key.schedule_deletion(7, NOW));
    let emptied: Change = |key| drop(key.delete_material(None));
    #[rustfmt::skip]
    let cases: [(&[Change], Refused); 6] = [
        (&[],                     Refused::NoneToRotateTo),
        (&[emptied],              Refused::PendingImport),
        (&[doomed, emptied],      Refused::PendingDeletion),
        (&[emptied, asymmetric],  Refused::NotRotatable),
        (&[asymmetric, doomed],   Refused::NotRotatable),
        (&[asymmetric, disabled], Refused::Disabled),
    ];
    for (changes, refused) in cases {
        let mut key = filled();
        changes.iter().for_each(|change| change(&mut key));
        assert_eq!(key.rotate(NOW), Err(refused));
    }
}

#[test]
fn a_key_rotates_twenty_five_times() {
    let mut key = filled();
    for byte in 2..=27 {
        brings(&mut key, byte, ImportType::New, Expiration::Never);
        let rotated = key.rotate(NOW);
        assert_eq!(rotated.is_ok(), byte <= 26, "{byte}");
        if byte == 27 {
            assert_eq!(rotated, Err(Refused::RotationsSpent));
        }
    }
    assert_eq!(key.rotations().count(), 25);
}

#[test]
fn material_that_was_over_before_its_turn_does_not_take_it() {
    let mut key = filled();
    brings(&mut key, 2, ImportType::New, Expiration::At(second(5)));
    assert_eq!(key.rotate(second(5)), Err(Refused::NoneToRotateTo));
    assert_eq!(key.state(second(5)), KeyState::Enabled);
    assert_eq!(key.expiration(NOW), Some(Expiration::Never), "what waits does not show");
    key.rotate(second(4)).unwrap();
    assert_eq!(key.expiration(second(4)), Some(Expiration::At(second(5))), "the earliest of all");
    assert_eq!(key.state(second(5)), KeyState::PendingImport);
}

#[test]
fn a_material_that_comes_back_comes_back_to_its_place() {
    let mut key = filled();
    brings(&mut key, 2, ImportType::New, Expiration::Never);
    key.rotate(second(1)).unwrap();
    for byte in [1, 2] {
        let before = key.materials.clone();
        key.delete_material(Some(KeyMaterialId([byte; 32]))).unwrap();
        assert_eq!(key.state(NOW), KeyState::PendingImport, "every material must be there");
        brings(&mut key, byte, ImportType::Existing, Expiration::Never);
        assert_eq!(key.state(NOW), KeyState::Enabled);
        let places = |materials: &[Material]| {
            materials.iter().map(|material| (material.id, material.rotation, material.rotated_at)).collect::<Vec<_>>()
        };
        assert_eq!(places(&key.materials), places(&before));
    }
}

#[test]
fn material_that_the_token_made_takes_its_turn_at_once_and_only_where_it_belongs() {
    let mut made = Key { origin: Origin::AwsKms, materials: vec![Material::example(1)], ..Key::example() };
    let turn = made.rotate_to(Material::example(2), second(1)).unwrap();
    assert_eq!((turn.previous, turn.current), (Some(KeyMaterialId([1; 32])), KeyMaterialId([2; 32])));
    assert_eq!(made.current().map(|material| material.id), Some(turn.current));
    assert_eq!(made.rotate(NOW), Err(Refused::Origin(Origin::AwsKms)));
    assert_eq!(filled().rotate_to(Material::example(2), NOW), Err(Refused::Origin(Origin::External)));
}

#[test]
fn what_waited_until_its_time_was_over_keeps_nobody_out() {
    let mut key = filled();
    brings(&mut key, 2, ImportType::New, Expiration::At(second(1)));
    let new =
        Arrival { import_type: Some(ImportType::New), material_id: None, description: None, expiration: Expiration::Never };
    let wants = |byte, now| key.recognise(&new, &KeyMaterialId([byte; 32]), now);
    assert!(matches!(wants(3, NOW), Err(Refused::PendingRotation { .. })));
    assert_eq!(wants(2, NOW), Err(Refused::IncorrectMaterial), "it is there");
    assert_eq!((wants(2, second(1)), wants(3, second(1))), (Ok(()), Ok(())));
}

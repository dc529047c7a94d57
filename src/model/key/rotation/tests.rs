//! When a key rotates, and what it has afterwards.

use super::super::super::{
    Account, Expiration, HostExposure, ImportType, KeyId, KeySpec, KeyUsage, MaterialPresence, ObjectId,
};
use super::super::Arrival;
use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_796_083_200_000);

fn key() -> Key {
    Key {
        id: KeyId::random(false),
        account: Account::parse("111122223333").unwrap(),
        spec: KeySpec::SymmetricDefault,
        usage: KeyUsage::EncryptDecrypt,
        origin: Origin::External,
        description: String::new(),
        tags: Default::default(),
        policy: None,
        enabled: true,
        created_at: NOW,
        deletion: None,
        token: "f00d".to_owned(),
        materials: Vec::new(),
        version: 0,
    }
}

fn came(byte: u8) -> Material {
    Material {
        id: KeyMaterialId([byte; 32]),
        object: ObjectId::random(),
        presence: MaterialPresence::Imported,
        rotation: Rotation::Current,
        rotated_at: None,
        description: String::new(),
        expiration: Expiration::Never,
        imported_at: NOW,
        spki: None,
        kcv: None,
        exposure: HostExposure::Token,
    }
}

fn brings(key: &mut Key, byte: u8, import_type: ImportType, expiration: Expiration) {
    let arrival = Arrival { import_type: Some(import_type), material_id: None, description: None, expiration };
    key.accept(arrival, came(byte), NOW).unwrap();
}

/// A key with material 1, to which more can come.
fn filled() -> Key {
    let mut key = key();
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
    let mut made = Key { origin: Origin::AwsKms, materials: vec![came(1)], ..key() };
    let turn = made.rotate_to(came(2), second(1)).unwrap();
    assert_eq!((turn.previous, turn.current), (Some(KeyMaterialId([1; 32])), KeyMaterialId([2; 32])));
    assert_eq!(made.current().map(|material| material.id), Some(turn.current));
    assert_eq!(made.rotate(NOW), Err(Refused::Origin(Origin::AwsKms)));
    assert_eq!(filled().rotate_to(came(2), NOW), Err(Refused::Origin(Origin::External)));
}

//! What changes a key, and what each change leaves and dooms.

use super::super::super::{Account, HostExposure, KeyId, KeySpec, KeyUsage};
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

fn arrival(description: Option<&str>) -> Arrival {
    let description = description.map(str::to_owned);
    Arrival { import_type: None, material_id: None, description, expiration: Expiration::Never }
}

#[test]
fn a_materials_description_is_kept_where_none_is_given_and_replaced_where_one_is() {
    let mut key = key();
    for (given, kept) in [(Some("first"), "first"), (None, "first"), (Some("second"), "second"), (Some(""), "")] {
        key.accept(arrival(given), came(7), NOW).unwrap();
        assert_eq!(key.materials[0].description, kept);
    }
}

#[test]
fn a_reimport_dooms_the_object_that_was_there_and_never_the_one_that_came() {
    let mut key = key();
    let (first, second) = (came(7), came(7));
    assert_eq!(key.accept(arrival(None), first.clone(), NOW), Ok(vec![]));
    assert_eq!(key.accept(arrival(None), second.clone(), NOW), Ok(vec![first.object]));
    assert_eq!(key.delete_material(None), Ok((Some(second.id), vec![second.object])));
    assert_eq!(key.delete_material(None), Ok((Some(second.id), vec![])), "there is nothing left to destroy");
}

#[test]
fn a_disabled_key_stays_disabled_through_an_import_unless_it_had_none_of_its_material() {
    let mut key = key();
    key.accept(arrival(None), came(7), NOW).unwrap();
    key.set_enabled(false, NOW).unwrap();
    key.accept(arrival(None), came(7), NOW).unwrap();
    assert_eq!(key.state(NOW), KeyState::Disabled);
    key.delete_material(None).unwrap();
    assert_eq!(key.state(NOW), KeyState::PendingImport);
    key.accept(arrival(None), came(7), NOW).unwrap();
    assert_eq!(key.state(NOW), KeyState::Enabled);
}

#[test]
fn material_that_waited_for_its_rotation_is_forgotten_when_its_time_is_over() {
    let mut key = key();
    key.accept(arrival(None), came(7), NOW).unwrap();
    let new = Arrival { import_type: Some(ImportType::New), expiration: Expiration::At(NOW.after(DAY)), ..arrival(None) };
    key.accept(new, came(8), NOW).unwrap();
    assert_eq!(key.expire_material(NOW.after(DAY)).len(), 1);
    assert_eq!(key.materials.len(), 1, "another new material can come");
    assert_eq!(key.state(NOW.after(DAY)), KeyState::Enabled);
}

#[test]
fn a_deletion_waits_for_seven_to_thirty_days() {
    let cases =
        [(None, Some(30)), (Some(6), None), (Some(7), Some(7)), (Some(30), Some(30)), (Some(31), None), (Some(-1), None)];
    for (asked, window) in cases {
        assert_eq!(deletion_window(asked).ok(), window, "{asked:?}");
    }
}

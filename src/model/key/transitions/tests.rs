//! What changes a key, and what each change leaves and dooms.

use super::super::example::NOW;
use super::*;

fn arrival(description: Option<&str>) -> Arrival {
    let description = description.map(str::to_owned);
    Arrival { import_type: None, material_id: None, description, expiration: Expiration::Never }
}

#[test]
fn a_materials_description_is_kept_where_none_is_given_and_replaced_where_one_is() {
    let mut key = Key::example();
    for (given, kept) in [(Some("first"), "first"), (None, "first"), (Some("second"), "second"), (Some(""), "")] {
        key.accept(arrival(given), Material::example(7), NOW).unwrap();
        assert_eq!(key.materials[0].description, kept);
    }
}

#[test]
fn a_reimport_dooms_the_object_that_was_there_and_never_the_one_that_came() {
    let mut key = Key::example();
    let (first, second) = (Material::example(7), Material::example(7));
    assert_eq!(key.accept(arrival(None), first.clone(), NOW), Ok(vec![]));
    assert_eq!(key.accept(arrival(None), second.clone(), NOW), Ok(vec![first.object]));
    assert_eq!(key.delete_material(None), Ok((Some(second.id), vec![second.object])));
    assert_eq!(key.delete_material(None), Ok((Some(second.id), vec![])), "there is nothing left to destroy");
}

#[test]
fn a_disabled_key_stays_disabled_through_an_import_unless_it_had_none_of_its_material() {
    let mut key = Key::example();
    key.accept(arrival(None), Material::example(7), NOW).unwrap();
    key.set_enabled(false, NOW).unwrap();
    key.accept(arrival(None), Material::example(7), NOW).unwrap();
    assert_eq!(key.state(NOW), KeyState::Disabled);
    key.delete_material(None).unwrap();
    assert_eq!(key.state(NOW), KeyState::PendingImport);
    key.accept(arrival(None), Material::example(7), NOW).unwrap();
    assert_eq!(key.state(NOW), KeyState::Enabled);
}

#[test]
fn material_that_waited_for_its_rotation_is_forgotten_when_its_time_is_over() {
    let mut key = Key::example();
    key.accept(arrival(None), Material::example(7), NOW).unwrap();
    let new = Arrival { import_type: Some(ImportType::New), expiration: Expiration::At(NOW.after(DAY)), ..arrival(None) };
    key.accept(new, Material::example(8), NOW).unwrap();
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

//! A key that is there, and one that has its material already.

use std::time::Duration;

use keyferry::clock::{Clock, SystemClock};
use keyferry::model::Timestamp;

use super::between::Between;
use super::{answer, desk_with_key, id_of, import};
use crate::harness::{Daemon, Plaintext};

#[test]
fn a_key_that_waits_for_material_gets_it() {
    let (desk, material) = desk_with_key();
    let id = desk.create(&["--origin", "EXTERNAL", "--description", "waits"]);
    let arn = desk.query("KeyMetadata.Arn", &["describe-key", "--key-id", &id]);
    let shown = answer(&desk.run(&import(&["KEY", "--key-id", &arn])));
    assert_eq!((shown["KeyId"].as_str(), &shown["KeyMetadata"]["Description"]), (Some(arn.as_str()), &"waits".into()));
    assert_eq!(shown["KeyMaterialId"], material.fingerprint(&id).as_str());
    assert_eq!(desk.query("KeyMetadata.KeyState", &["describe-key", "--key-id", &id]), "Enabled");
}

#[test]
fn the_same_file_again_changes_nothing_unless_it_is_asked_for() {
    let between = Between::idle(&Daemon::shared());
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    let first = answer(&desk.run(&import(&["KEY"])));
    let id = id_of(&first);
    let imports = || between.seen("import_key_material").len();
    assert_eq!(imports(), 1);

    let again = answer(&desk.run(&import(&["KEY", "--key-id", &id])));
    assert_eq!((again["Imported"].as_bool(), again.get("WrappingAlgorithm"), imports()), (Some(false), None, 1));
    for name in ["KeyId", "KeyMaterialId", "KeyCheckValue", "KeyFile", "KeyMetadata"] {
        assert_eq!(again[name], first[name], "{name}");
    }
    let asked = answer(&desk.run(&import(&["KEY", "--key-id", &id, "--again"])));
    assert_eq!((asked["Imported"].as_bool(), imports()), (Some(true), 2));
    // Another end is another import.
    let ends = answer(&desk.run(&import(&["KEY", "--key-id", &id, "--valid-to", "12h"])));
    assert_eq!((ends["Imported"].as_bool(), imports()), (Some(true), 3));
}

#[test]
fn the_end_is_a_moment_or_so_long_from_now() {
    let (desk, _) = desk_with_key();
    let valid_to = |id: &str| desk.query("KeyMetadata.[ExpirationModel, ValidTo]", &["describe-key", "--key-id", id]);
    let now = SystemClock.now();
    let moment = Timestamp::from_millis((now.as_millis() / 1000 + 86_400) * 1000).rfc3339().unwrap();
    let id = id_of(&answer(&desk.run(&import(&["KEY", "--valid-to", &moment]))));
    assert_eq!(valid_to(&id), format!("KEY_MATERIAL_EXPIRES\t{moment}"));

    answer(&desk.run(&import(&["KEY", "--key-id", &id, "--valid-to", "90d"])));
    let shown = valid_to(&id);
    let end = Timestamp::parse_rfc3339(shown.split('\t').nth(1).unwrap()).unwrap();
    let ninety = Duration::from_secs(90 * 24 * 60 * 60);
    assert!(now.after(ninety) <= end && end <= SystemClock.now().after(ninety), "{shown}");

    answer(&desk.run(&import(&["KEY", "--key-id", &id])));
    assert_eq!(valid_to(&id), "KEY_MATERIAL_DOES_NOT_EXPIRE\tNone");
}

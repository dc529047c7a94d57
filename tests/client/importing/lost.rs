//! A way that breaks while an import goes on.

use std::sync::Arc;

use keyferry::model::{KeySpec, KeyUsage};
use serde_json::Value;
use tonic::Status;

use super::between::{Between, break_behind_the_import};
use super::{answer, id_of, import};
use crate::client::desk::{Desk, Run};
use crate::harness::audit::{Keys, assert_sound};
use crate::harness::front::Lie;
use crate::harness::proxy::Proxy;
use crate::harness::record::Record;
use crate::harness::{Daemon, Plaintext, Settings};

/// More than anybody tries.
const ALL: usize = 1_000_000;
/// Two tries.
const BRIEFLY: [&str; 2] = ["--patience", "150ms"];

fn own_daemon() -> Arc<Daemon> {
    Arc::new(Daemon::start(Settings::default()))
}

/// The id in the last line, between these words; the command must have failed on the way.
#[track_caller]
fn id_to_go_on_with<'run>(run: &'run Run, before: &str, after: &str) -> &'run str {
    assert_eq!((run.code, run.stdout.as_str()), (255, ""), "{}", run.stderr);
    let line = run.stderr.trim().lines().last().unwrap();
    let id = line.split(before).nth(1).and_then(|rest| rest.strip_suffix(after)).unwrap_or_else(|| panic!("{line}"));
    assert!(line.starts_with("The key arn:") && line.contains(&format!(":key/{id} was made")), "{line}");
    id
}

fn only_key(desk: &Desk) -> String {
    let keys: Value = serde_json::from_str(&desk.ok(&["list-keys", "--query", "Keys[].KeyId"])).unwrap();
    let [Value::String(key)] = &keys.as_array().unwrap()[..] else { panic!("{keys}") };
    key.clone()
}

/// One import, as the token and the store have it, too.
fn assert_one_import(daemon: Arc<Daemon>, between: Between, key: &str) {
    drop(between);
    let Ok(daemon) = Arc::try_unwrap(daemon) else { panic!("somebody still holds the daemon") };
    let installation = daemon.terminate();
    let keys = Keys::from([(key.to_owned(), (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt))]);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        // Panics where there are several.
        Record::read(&installation).await.object_of(key);
        assert_sound(&installation, &keys).await;
    });
}

#[test]
fn a_service_that_is_gone_after_the_key_was_made_is_found_again_with_its_id() {
    let daemon = own_daemon();
    let between = Between::new(&daemon, Lie::Nothing, |proxy, method, count| {
        (method == "get_parameters_for_import" && count == 1).then(|| {
            proxy.refuse(ALL);
            Status::unavailable("gone")
        })
    });
    let desk = between.desk();
    let material = Plaintext::aes();
    desk.write("KEY", &material.bytes);
    let gone = desk.run(&[&import(&["KEY"])[..], &BRIEFLY].concat());
    let id = id_to_go_on_with(&gone, "has no material yet: go on with --key-id ", "");
    between.mend();
    assert_eq!(only_key(&desk), id);
    assert_eq!(desk.query("KeyMetadata.KeyState", &["describe-key", "--key-id", id]), "PendingImport");
    let shown = answer(&desk.run(&import(&["KEY", "--key-id", id])));
    assert_eq!((shown["Imported"].as_bool(), id_of(&shown).as_str()), (Some(true), id));
    assert_eq!(shown["KeyMaterialId"], material.fingerprint(id).as_str());
    assert_eq!(only_key(&desk), id);
}

#[test]
fn an_import_whose_answer_is_lost_is_one_import() {
    let daemon = own_daemon();
    let own = daemon.clone();
    let between = Between::new(&daemon, Lie::Nothing, move |proxy, method, count| {
        if method == "import_key_material" && count == 1 {
            break_behind_the_import(&own, proxy, Proxy::cut);
        }
        None
    });
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    let shown = answer(&desk.run(&import(&["KEY"])));
    assert_eq!((shown["Imported"].as_bool(), shown["KeyMetadata"]["KeyState"].as_str()), (Some(true), Some("Enabled")));
    let sent = between.seen("import_key_material");
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]), "the same, byte for byte");
    let key = only_key(&desk);
    assert_eq!(key, id_of(&shown));
    assert_one_import(daemon, between, &key);
}

#[test]
fn an_import_that_nobody_knows_of_goes_on_with_the_key_and_is_one_import() {
    let daemon = own_daemon();
    let own = daemon.clone();
    let between = Between::new(&daemon, Lie::Nothing, move |proxy, method, count| {
        if method == "import_key_material" && count == 1 {
            break_behind_the_import(&own, proxy, Proxy::leave);
        }
        None
    });
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    // Lost once, and then nobody is there any more: what is known of the import is the same.
    let lost = desk.run(&[&import(&["KEY"])[..], &BRIEFLY].concat());
    assert!(lost.stderr.contains("could not connect to the endpoint URL"), "{}", lost.stderr);
    let id = id_to_go_on_with(&lost, "may have its material: --key-id ", " goes on, and imports nothing twice");
    let sent = between.seen("import_key_material").len();
    drop(between);
    let between = Between::idle(&daemon);
    let back = between.desk();
    std::fs::copy(desk.path("KEY"), back.path("KEY")).unwrap();
    let shown = answer(&back.run(&import(&["KEY", "--key-id", id])));
    assert_eq!((shown["Imported"].as_bool(), id_of(&shown).as_str()), (Some(false), id));
    assert_eq!((sent, between.seen("import_key_material").len()), (1, 0));
    let key = only_key(&back);
    assert_one_import(daemon, between, &key);
}

#[test]
fn an_import_that_nobody_knows_of_is_told_of_a_key_that_was_there_too() {
    let between = Between::new(&Daemon::shared(), Lie::Nothing, |proxy, method, _| {
        (method == "import_key_material").then(|| {
            proxy.cut();
            Status::cancelled("nobody hears this")
        })
    });
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    let id = desk.create(&["--origin", "EXTERNAL"]);
    let lost = desk.run(&import(&["KEY", "--key-id", &id, "--patience", "0s"]));
    let lines: Vec<&str> = lost.stderr.trim().lines().collect();
    assert_eq!((lost.code, lost.stdout.as_str()), (255, ""), "{lines:?}");
    assert!(lines[0].starts_with("the connection was lost, and what was asked may be done or not"), "{lines:?}");
    assert_eq!(lines.last(), Some(&"The same command again goes on, and imports nothing twice"));
}

#[test]
fn a_key_that_may_have_been_made_is_looked_for_by_its_owner() {
    let between = Between::new(&Daemon::shared(), Lie::Nothing, |proxy, method, _| {
        (method == "create_key").then(|| {
            proxy.cut();
            Status::cancelled("nobody hears this")
        })
    });
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    let unknown = desk.run(&import(&["KEY"]));
    let lines: Vec<&str> = unknown.stderr.trim().lines().collect();
    assert_eq!((unknown.code, lines.len()), (255, 2), "{lines:?}");
    assert!(lines[0].starts_with("whether the key was made is not known (") && lines[0].ends_with(')'), "{lines:?}");
    assert!(lines[1].starts_with("Look among the keys for one of SYMMETRIC_DEFAULT that is PendingImport"), "{lines:?}");
    assert_eq!(between.seen("create_key").len(), 1);
}

//! What keeps keyferryd from starting, and that it says what is wrong.

mod secrets;

use crate::harness::{Daemon, Installation, Settings, postgres, softhsm};

/// Checks that it does not start, that it names what a person must look at, and that it keeps the PIN to itself.
#[track_caller]
fn assert_refused(installation: &Installation, names: &[&str]) {
    let said = Daemon::refusal_to_start(installation);
    for name in names {
        assert!(said.to_lowercase().contains(&name.to_lowercase()), "{name} is not named:\n{said}");
    }
    assert!(!said.contains(softhsm::PIN), "{said}");
}

#[test]
fn a_missing_module_a_missing_token_and_a_missing_folder_are_named() {
    let installation = Installation::new(Settings::default());
    let module = softhsm::module().display().to_string();
    #[rustfmt::skip]
    let cases = [
        (module.as_str(),                "/nowhere/libnone.so",              "/nowhere/libnone.so"),
        ("token_label = \"keyferry\"",   "token_label = \"another-one\"",    "another-one"),
        ("/keyferry.db",                 "/no/such/folder/keyferry.db",      "store"),
        ("/pin\"",                       "/no-such-pin\"",                   "no-such-pin"),
        ("/client-ca.pem",               "/no-such-ca.pem",                  "no-such-ca.pem"),
    ];
    for (old, new, named) in cases {
        installation.edit_config(old, new);
        assert_refused(&installation, &[named]);
        installation.edit_config(new, old);
    }
    drop(Daemon::serve(installation, &[]));
}

#[test]
fn a_wrong_pin_is_said_and_the_right_one_still_works() {
    let installation = Installation::new(Settings::default());
    std::fs::write(installation.file("pin"), "0000-wrong-pin").unwrap();
    let said = Daemon::refusal_to_start(&installation);
    assert!(said.contains("the token refused the PIN: tried once and not again"), "{said}");
    assert!(!said.contains("0000-wrong-pin"), "not even a wrong PIN is shown");
    std::fs::write(installation.file("pin"), format!("{}\n", softhsm::PIN)).unwrap();
    drop(Daemon::serve(installation, &[]));
}

#[test]
fn a_token_or_a_database_of_another_installation_is_left_alone() {
    let mut ours = Installation::new(Settings::default());
    let mut theirs = Installation::new(Settings::default());
    std::mem::swap(&mut ours.token, &mut theirs.token);
    for crossed in [&ours, &theirs] {
        assert_refused(crossed, &["installation"]);
    }
    std::mem::swap(&mut ours.token, &mut theirs.token);
    for installation in [ours, theirs] {
        drop(Daemon::serve(installation, &[]));
    }
}

#[test]
fn what_was_not_initialised_does_not_serve() {
    assert_refused(&Installation::uninitialised(Settings::default()), &["keyferryd init"]);
}

#[tokio::test]
async fn a_full_disk_is_said_of_the_database_and_of_the_audit_log() {
    let both = Installation::new(Settings::default());
    let said = Daemon::refusal_on_a_full_disk(&both);
    assert!(said.contains("store"), "{said}");
    drop(Daemon::serve(both, &[]));

    // The database is elsewhere, and well.
    let store_url = Some(postgres::database().await);
    let token = Installation::new(Settings { store_url, ..Settings::default() });
    let said = Daemon::refusal_on_a_full_disk(&token);
    assert!(said.contains("the audit log") && said.contains("File too large"), "{said}");
}

#[test]
fn one_sqlite_file_is_served_by_one_process() {
    let daemon = Daemon::start(Settings::default());
    let said = Daemon::refusal_to_start(&daemon.installation);
    assert!(said.contains("the database is in use by another keyferryd"), "{said}");
    drop(Daemon::serve(daemon.terminate(), &[]));
}

#[test]
fn check_config_says_whether_a_configuration_is_good_and_doctor_what_the_token_can_do() {
    let installation = Installation::new(Settings::default());
    let run = |verb, more: &[&str]| {
        let output = installation.command(verb).args(more).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said, _) = run("check-config", &[]);
    assert_eq!((code, said.trim()), (Some(0), "the configuration is good"));

    let (code, json, log) = run("doctor", &["--json"]);
    assert_eq!(code, Some(0), "{log}");
    let profile: serde_json::Value = serde_json::from_str(&json).unwrap();
    let paths = profile.as_object().unwrap().values().find_map(serde_json::Value::as_array).unwrap();
    assert_eq!(paths.len(), 42, "{json}");
    let (kept, tried) = (&profile["isolation"]["kept"], profile["isolation"]["tried"].as_array().unwrap());
    assert!(*kept == true && tried.iter().any(|tried| tried["refusal"] == "KeyUnextractable"), "{json}");
    let (code, table, _) = run("doctor", &[]);
    assert_eq!(code, Some(0));
    assert!(table.contains("host-material") && table.contains("ECC_SECG_P256K1"), "{table}");

    installation.edit_config("[janitor]", "[janitor]\nbroom = 1");
    let (code, _, said) = run("check-config", &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("broom"), "{said}");
}

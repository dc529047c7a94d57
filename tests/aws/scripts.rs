//! What the clients are held to, one script for each subject.

use super::{Script, here};
use crate::harness::installation::{IMPORTER, NO_POOL};
use crate::harness::{AccessKey, Daemon, Installation, Settings};

/// Runs a script as the usual importer, against the daemon that tests share.
#[track_caller]
fn run(name: &'static str) {
    here(name, &Daemon::shared());
}

#[test]
fn whoever_types_what_the_references_guide_prints_imports_a_key_and_uses_it() {
    run("guide.sh");
}

#[test]
fn every_operation_of_the_references_model_is_served_to_its_command_or_refused_by_name() {
    run("operations.py");
}

#[test]
fn every_cell_of_the_matrix_is_imported_by_boto3_and_used_or_refused_in_the_references_words() {
    run("matrix.py");
}

#[test]
fn every_refusal_of_an_import_has_the_references_name_and_words() {
    run("import_errors.py");
}

#[test]
fn every_refusal_in_a_keys_life_has_the_references_name_and_words() {
    run("key_errors.py");
}

#[test]
fn every_refusal_of_a_keys_use_has_the_references_name_and_words() {
    run("use_errors.py");
}

#[test]
fn a_fault_of_the_services_own_goes_by_the_references_names_and_the_call_is_answered_once_it_is_mended() {
    let daemon = Daemon::start(Settings::default());
    let installation = &daemon.installation;
    let access_key = AccessKey::create(installation, IMPORTER);
    let (audit, record) = (installation.file("audit.jsonl"), installation.database());
    let script = Script::new("faults.py", &daemon, &access_key);
    script.with("KEYFERRY_TEST_AUDIT", audit.to_str().unwrap()).with("KEYFERRY_TEST_RECORD", record.to_str().unwrap()).run();
}

#[test]
fn in_each_state_each_operation_does_what_the_references_table_says() {
    run("states.py");
}

#[test]
fn a_key_goes_the_way_that_terraform_takes_it() {
    run("terraform.py");
}

#[test]
fn sets_material_and_keys_end_when_they_were_said_to() {
    here("clock.py", &Daemon::with_clock_control(Settings::default()));
}

#[test]
fn a_rotated_key_decrypts_what_is_old_and_misses_each_of_its_materials() {
    here("rotation.py", &Daemon::with_clock_control(Settings::default()));
}

#[test]
fn who_may_not_and_who_asks_too_often_hear_it_by_the_references_names() {
    let limits = "[limits]\nlist_keys = 1\nburst_seconds = 1\n";
    let settings = Settings { more: format!("{NO_POOL}{limits}"), ..Settings::default() };
    let installation = Installation::new(settings);
    installation.replace_policies(
        r#"@id("most") permit (principal, action, resource)
           unless { action == Action::"kms:ImportKeyMaterial" || action == Action::"kms:ListAliases" };
           @id("never") forbid (principal, action == Action::"kms:DisableKey", resource);"#,
    );
    here("gate.py", &Daemon::serve(installation, &[]));
}

#[test]
fn whoever_did_not_sign_as_they_say_is_told_so_by_the_references_clients() {
    let daemon = Daemon::shared();
    let [own, disabled] = [(); 2].map(|()| AccessKey::create(&daemon.installation, IMPORTER));
    let ended = daemon.installation.command("access-key disable").arg(&disabled.id).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let script = Script::new("signatures.py", &daemon, &own);
    script.with("DISABLED_ID", &disabled.id).with("DISABLED_SECRET", &disabled.secret).run();
}

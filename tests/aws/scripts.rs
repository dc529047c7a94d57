//! What the clients are held to, one script for each subject.

use super::Script;
use crate::harness::installation::IMPORTER;
use crate::harness::{AccessKey, Daemon};

/// Runs a script as the usual importer, against the daemon that tests share.
#[track_caller]
fn run(name: &'static str) {
    let daemon = Daemon::shared();
    let access_key = AccessKey::create(&daemon.installation, IMPORTER);
    Script::new(name, &daemon, &access_key).run();
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

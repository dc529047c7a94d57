//! `keyferryd access-key`, as an operator runs it while the service serves.

use std::process::Output;

use serde_json::Value;

use crate::harness::installation::IMPORTER;
use crate::harness::{Daemon, Installation, Settings};

fn run(installation: &Installation, verb: &str, more: &[&str]) -> Output {
    installation.command(&format!("access-key {verb}")).args(more).output().unwrap()
}

/// What it prints where it succeeds.
#[track_caller]
fn printed(installation: &Installation, verb: &str, more: &[&str]) -> Value {
    let output = run(installation, verb, more);
    assert!(output.status.success(), "{verb}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// What it says where it does not, all of it on standard error.
#[track_caller]
fn refused(installation: &Installation, verb: &str, more: &[&str]) -> String {
    let output = run(installation, verb, more);
    assert!(!output.status.success() && output.stdout.is_empty(), "{verb}");
    String::from_utf8(output.stderr).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Id and status of each, the oldest first.
fn listed(installation: &Installation) -> Vec<(String, String)> {
    let list = printed(installation, "list", &[]);
    assert!(!list.to_string().contains("Secret"), "{list}");
    let keys = list["AccessKeyMetadata"].as_array().unwrap();
    keys.iter().map(|key| (text(&key["AccessKeyId"]).to_owned(), text(&key["Status"]).to_owned())).collect()
}

#[test]
fn keys_are_made_listed_rotated_and_disabled_while_the_service_serves_and_no_secret_stays() {
    let daemon = Daemon::start(Settings::default());
    let ours = &daemon.installation;
    assert_eq!(listed(ours), []);
    let first = printed(ours, "create", &["--principal", IMPORTER]);
    let first = &first["AccessKey"];
    assert_eq!((text(&first["UserName"]), text(&first["Status"])), (IMPORTER, "Active"));
    assert!(text(&first["CreateDate"]).starts_with("20"), "{first}");
    let (id, secret) = (text(&first["AccessKeyId"]), text(&first["SecretAccessKey"]));
    assert_eq!((id.len(), secret.len()), (20, 40));

    let second = printed(ours, "rotate", &[id]);
    let second = &second["AccessKey"];
    let (second_id, second_secret) = (text(&second["AccessKeyId"]), text(&second["SecretAccessKey"]));
    assert!(second_id != id && second_secret != secret);
    assert_eq!(text(&second["UserName"]), IMPORTER);
    let active = |id: &str| (id.to_owned(), "Active".to_owned());
    let inactive = |id: &str| (id.to_owned(), "Inactive".to_owned());
    assert_eq!(listed(ours), [active(id), active(second_id)], "the old one holds for a day");
    let twice = refused(ours, "rotate", &[id]);
    assert!(twice.contains("running out since it was rotated: create another"), "{twice}");

    printed(ours, "disable", &[id]);
    assert_eq!(listed(ours), [inactive(id), active(second_id)]);
    let third = printed(ours, "rotate", &[second_id, "--grace", "0"]);
    let third = text(&third["AccessKey"]["AccessKeyId"]);
    assert_eq!(listed(ours), [inactive(id), inactive(second_id), active(third)]);

    // What is in the database is in the file or in the log before it.
    let mut kept = std::fs::read(ours.database()).unwrap();
    kept.extend(std::fs::read(ours.database().with_extension("db-wal")).unwrap());
    let contains = |bytes: &[u8], part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
    assert!(contains(&kept, id), "this is where it would be");
    let (installation, log) = daemon.terminate_with_log();
    let audit = std::fs::read(installation.file("audit.jsonl")).unwrap();
    for secret in [secret, second_secret] {
        assert!(!contains(&kept, secret) && !contains(&audit, secret) && !log.contains(secret));
    }
    assert!(!log.contains("the token holds objects that the database does not know"), "{log}");
}

#[test]
fn nobody_is_given_a_key_who_is_not_a_principal_or_for_a_token_that_is_not_the_databases() {
    let ours = Installation::new(Settings::default());
    let unknown = refused(&ours, "create", &["--principal", "spiffe://example.org/nobody"]);
    assert!(unknown.contains("\"spiffe://example.org/nobody\": expected one of principals.toml"), "{unknown}");
    let made = printed(&ours, "create", &["--principal", "importer.test"]);
    let id = text(&made["AccessKey"]["AccessKeyId"]);
    let principals = std::fs::read_to_string(ours.file("policy").join("principals.toml")).unwrap();
    ours.write_policy("principals.toml", &principals.replace("\"importer.test\"", "\"renamed.test\""));
    let gone = refused(&ours, "rotate", &[id]);
    assert!(gone.contains("\"importer.test\": expected one of principals.toml"), "{gone}");
    ours.write_policy("principals.toml", &principals);

    let mut theirs = Installation::new(Settings::default());
    let mut ours = ours;
    std::mem::swap(&mut ours.token, &mut theirs.token);
    let foreign = refused(&ours, "create", &["--principal", "importer.test"]);
    assert!(foreign.contains("check hsm.token_label and store.url"), "{foreign}");
    std::mem::swap(&mut ours.token, &mut theirs.token);
    assert_eq!(listed(&ours).len(), 1, "nothing was made");
}

#[test]
fn an_id_that_names_no_key_is_refused_and_a_secret_is_not_repeated() {
    let ours = Installation::new(Settings::default());
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    for verb in ["disable", "rotate"] {
        let absent = refused(&ours, verb, &["AKIAIOSFODNN7EXAMPLE"]);
        assert!(absent.contains("\"AKIAIOSFODNN7EXAMPLE\": there is none: `keyferryd access-key list`"), "{absent}");
        let mistaken = refused(&ours, verb, &[secret]);
        assert!(mistaken.contains("\"wJal…\"") && !mistaken.contains(&secret[..8]), "{mistaken}");
    }
    let uninitialised = Installation::uninitialised(Settings::default());
    for (verb, more) in [("create", &["--principal", IMPORTER][..]), ("disable", &["AKIAIOSFODNN7EXAMPLE"])] {
        let said = refused(&uninitialised, verb, more);
        assert!(said.contains("run `keyferryd init` once"), "{said}");
    }
}

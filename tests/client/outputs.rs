//! Every output format for every form of answer.

use super::desk::Desk;
use super::golden::Transcript;
use crate::harness::{Daemon, Plaintext};

const FORMATS: [&[&str]; 5] = [
    &["--output", "json"],
    &["--output", "text"],
    &["--output", "table"],
    &["--output", "yaml"],
    &["--output", "yaml-stream"],
];

/// Brings this material into the key; `more` says what becomes of it.
pub fn import(desk: &Desk, key: &str, material: Plaintext, more: &[&str]) {
    let set = desk.ok(&parameters(key));
    let set: serde_json::Value = serde_json::from_str(&set).unwrap();
    let spki = <base64ct::Base64 as base64ct::Encoding>::decode_vec(set["PublicKey"].as_str().unwrap()).unwrap();
    desk.write("parameters.json", set.to_string());
    desk.write("blob.bin", material.wrap_simply(&spki));
    let import = ["import-key-material", "--parameters", "parameters.json", "--encrypted-key-material", "fileb://blob.bin"];
    desk.ok(&[&import, more].concat());
}

/// The cheapest parameters for this key.
pub fn parameters(key: &str) -> [&str; 7] {
    let wrapping = ["--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--wrapping-key-spec", "RSA_2048"];
    ["get-parameters-for-import", "--key-id", key, wrapping[0], wrapping[1], wrapping[2], wrapping[3]]
}

#[test]
fn a_nested_answer_in_every_format() {
    let desk = Desk::at(&Daemon::shared());
    let created = || desk.create(&["--multi-region", "--description", "true", "--origin", "EXTERNAL"]);
    // Times end with their last digit that is not 0: for a table of one width, one with all of them.
    let is_whole = |key: &String| desk.query("KeyMetadata.CreationDate", &["describe-key", "--key-id", key]).len() == 24;
    let key = std::iter::repeat_with(created).find(is_whole).unwrap();
    let kind = keyferry::model::MaterialKind::Aes256;
    let material = Plaintext { kind, bytes: vec![7; 32] };
    let end = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 30 * 24 * 60 * 60;
    import(&desk, &key, material, &["--valid-to", &end.to_string()]);
    let mut transcript = Transcript::new(&desk);
    transcript.each(&["describe-key", "--key-id", &key], &FORMATS);
    transcript.golden("describe-key");
}

#[test]
fn a_flat_answer_has_the_references_columns_first() {
    let desk = Desk::at(&Daemon::shared());
    let key = desk.create(&["--origin", "EXTERNAL"]);
    let mut transcript = Transcript::new(&desk);
    transcript.each(&parameters(&key), &[FORMATS[0], FORMATS[1], FORMATS[3], FORMATS[4]]);
    transcript.golden("get-parameters-for-import");
    // cut -f1 of the reference's answer is the import token, -f4 the public key.
    let text = desk.ok(&[&parameters(&key)[..], FORMATS[1]].concat());
    let columns: Vec<&str> = text.trim_end().split('\t').collect();
    assert_eq!((columns.len(), columns[1].starts_with("arn:"), columns[3].starts_with("MIIB")), (9, true, true), "{text}");
}

#[test]
fn an_answer_without_members_prints_nothing() {
    let desk = Desk::at(&Daemon::shared());
    let key = desk.create(&[]);
    let mut transcript = Transcript::new(&desk);
    transcript.each(&["enable-key", "--key-id", &key], &FORMATS);
    transcript.expect(0, &["update-key-description", "--key-id", &key, "--description", "", "--query", "x"]);
    transcript.golden("enable-key");
}

#[test]
fn a_query_takes_a_part_in_every_format() {
    let desk = Desk::at(&Daemon::shared());
    let key = desk.create(&["--key-spec", "ECC_NIST_P256", "--key-usage", "SIGN_VERIFY", "--description", "1e3"]);
    let mut transcript = Transcript::new(&desk);
    for query in [
        "KeyMetadata.Enabled",
        "KeyMetadata.[KeySpec, KeyUsage, Enabled]",
        "KeyMetadata.{usage: KeyUsage, algorithms: SigningAlgorithms, description: Description, account: AWSAccountId}",
        "KeyMetadata.SigningAlgorithms",
        "[[`1`, `2`], [`3`]]",
        "Nothing.At.All",
    ] {
        transcript.each(&["describe-key", "--key-id", &key, "--query", query], &FORMATS);
    }
    // Numbers stay whole, and functions work.
    transcript.expect(0, &["describe-key", "--key-id", &key, "--query", "length(KeyMetadata.SigningAlgorithms)"]);
    transcript.expect(252, &["describe-key", "--key-id", &key, "--query", "length(KeyMetadata.Enabled)"]);
    transcript.golden("query");
}

#[test]
fn a_query_takes_from_skeletons_too() {
    let desk = Desk::bare();
    let run = |arguments: &[&str]| desk.ok(&[&["describe-key", "--generate-cli-skeleton"], arguments].concat());
    assert_eq!(run(&["output", "--query", "KeyMetadata.KeyId", "--output", "text"]), "KeyId\n");
    // An input file is JSON whatever answers are.
    assert_eq!(run(&["input", "--output", "text"]), "{\n    \"KeyId\": \"\"\n}\n");
}

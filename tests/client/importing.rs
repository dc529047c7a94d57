//! `keyferry import` as its user runs it: from a key file to a key that has it, against the real service.

mod again;
mod between;
mod dry_run;
mod files;
mod lost;
mod refused;
mod regions;
mod steps;
mod watched;

use serde_json::Value;

use super::desk::{Desk, Run};
use super::golden::Transcript;
use crate::harness::{Daemon, Plaintext};
use between::Between;
use files::FILES;
use keyferry::model::{KeySpec, MaterialKind};
use keyferry::proto as pb;

/// The shortest wrapping key that all key specs take, for tests about something else: longer ones take their time.
const QUICK: [&str; 2] = ["--wrapping-key-spec", "RSA_3072"];

/// `import` with these arguments, wrapped quickly.
fn import<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["import"], arguments, &QUICK].concat()
}

/// A desk at the shared service with fresh AES material in `KEY`.
fn desk_with_key() -> (Desk, Plaintext) {
    let desk = Desk::at(&Daemon::shared());
    let material = Plaintext::aes();
    desk.write("KEY", &material.bytes);
    (desk, material)
}

/// The answer as JSON.
#[track_caller]
fn answer(run: &Run) -> Value {
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    serde_json::from_str(&run.stdout).unwrap()
}

/// The id in an ARN.
fn id_of(answer: &Value) -> String {
    answer["KeyId"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_key_of_every_kind_comes_in_from_whatever_file_it_is_in() {
    let desk = Desk::at(&Daemon::shared());
    desk.write("passphrase", files::PASSPHRASE);
    assert!(FILES.iter().map(|file| file.spec).eq(KeySpec::supported()), "one for each");
    for file in FILES {
        let spec = file.spec;
        let material = Plaintext::for_spec(spec);
        desk.write("KEY", (file.make)(&desk, &material.bytes));
        let run = desk.run(&import(&[&["KEY"], file.options].concat()));
        let shown = answer(&run);
        let metadata = &shown["KeyMetadata"];
        let id = id_of(&shown);
        let fingerprint = material.fingerprint(&id);
        assert_eq!(shown["KeyFile"], file.description, "{spec}");
        assert_eq!(shown["KeyMaterialId"], fingerprint.as_str(), "{spec}");
        assert_eq!(shown.get("KeyCheckValue").and_then(Value::as_str), material.kcv().as_deref(), "{spec}");
        assert_eq!(shown["Imported"], true, "{spec}");
        assert_eq!(shown["WrappingKeySpec"], "RSA_3072", "{spec}");
        let seen = ["Arn", "KeySpec", "KeyState", "Origin", "ExpirationModel"].map(|name| metadata[name].as_str().unwrap());
        let arn = shown["KeyId"].as_str().unwrap();
        assert_eq!(seen, [arn, spec.as_str(), "Enabled", "EXTERNAL", "KEY_MATERIAL_DOES_NOT_EXPIRE"], "{spec}");
        // As others see it.
        let described = desk.query("KeyMetadata.CurrentKeyMaterialId", &["describe-key", "--key-id", &id]);
        assert_eq!(described, if material.kind == MaterialKind::Aes256 { fingerprint.as_str() } else { "None" }, "{spec}");
        if let Some(spki) = material.spki() {
            let public = desk.query("PublicKey", &["get-public-key", "--key-id", &id]);
            assert_eq!(public, <base64ct::Base64 as base64ct::Encoding>::encode_string(&spki), "{spec}");
        }
    }
}

#[test]
fn the_answer_has_the_form_that_was_asked_for() {
    let (desk, material) = desk_with_key();
    let first = import(&["KEY", "--description", "of mine"]);
    let id = id_of(&answer(&desk.run(&first)));
    let fingerprint = material.fingerprint(&id);
    let mut transcript = Transcript::new(&desk);
    let kcv = material.kcv().unwrap();
    transcript.mask(&kcv, "(kcv).");
    // Times differ in length, and a table would with them.
    let members = "{KeyId: KeyId, Imported: Imported, KeyMaterialId: KeyMaterialId, KeyCheckValue: KeyCheckValue}";
    #[rustfmt::skip]
    let formats: [&[&str]; 5] = [&["json"], &["text"], &["yaml"], &["yaml-stream"], &["table", "--query", members]];
    for format in formats {
        let output = [&["--again", "--valid-to", "90d", "--output"], format].concat();
        let run = transcript.expect(0, &[&import(&["KEY", "--key-id", &id])[..], &output].concat());
        assert_eq!(run.stderr, "", "{format:?}");
        assert!(run.stdout.contains(&fingerprint) && run.stdout.contains(&kcv), "{format:?}: {}", run.stdout);
    }
    transcript.golden("import");
    let query = ["--query", "[KeyMaterialId, KeyMetadata.[KeyState, Description]]", "--output", "text"];
    let queried = desk.ok(&[&import(&["KEY", "--key-id", &id]), &query[..]].concat());
    assert_eq!(queried, format!("{fingerprint}\nEnabled\tof mine\n"));
}

#[test]
fn how_to_wrap_is_left_to_the_caller() {
    let between = Between::idle(&Daemon::shared());
    let desk = between.desk();
    desk.write("KEY", Plaintext::aes().bytes);
    for algorithm in ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] {
        for wrapping in ["RSA_2048", "RSA_3072"] {
            let ways = ["--wrapping-algorithm", algorithm, "--wrapping-key-spec", wrapping];
            let shown = answer(&desk.run(&[&["import", "KEY"], &ways[..]].concat()));
            assert_eq!((&shown["WrappingAlgorithm"], &shown["WrappingKeySpec"]), (&algorithm.into(), &wrapping.into()));
            let asked = between.seen("get_parameters_for_import").pop().unwrap();
            let asked: pb::GetParametersForImportRequest = prost::Message::decode(asked.as_slice()).unwrap();
            assert_eq!(asked.wrapping_algorithm().as_str_name(), format!("WRAPPING_ALGORITHM_{algorithm}"));
            assert_eq!(asked.wrapping_key_spec().as_str_name(), format!("WRAPPING_KEY_SPEC_{wrapping}"));
        }
    }
}

#[test]
fn standard_input_is_a_key_file_too() {
    let desk = Desk::at(&Daemon::shared());
    let material = Plaintext::aes();
    desk.write("hex", base16ct::lower::encode_string(&material.bytes));
    let mut command = desk.command(&import(&["-"]));
    command.stdin(std::fs::File::open(desk.path("hex")).unwrap());
    let shown = answer(&Run::of(command.output().unwrap()));
    assert_eq!(shown["KeyMaterialId"], material.fingerprint(&id_of(&shown)).as_str());
}

//! `keyferry import` as its user runs it: from a key file to a key that has it, against the real service.

mod files;
mod refused;

use serde_json::Value;

use super::desk::{Desk, Run};
use crate::harness::{Daemon, Plaintext};
use files::FILES;
use keyferry::model::{KeySpec, MaterialKind};

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

//! `--dry-run`: what would be done, and nothing done.

use std::sync::Arc;

use super::refused::keys;
use super::{answer, id_of, import};
use crate::client::desk::Desk;
use crate::client::golden::Transcript;
use crate::harness::{Daemon, Plaintext, Settings};

#[test]
fn it_shows_the_choice_and_changes_nothing() {
    // A service of its own, for its keys are counted.
    let desk = Desk::at(&Arc::new(Daemon::start(Settings::default())));
    desk.write("aes", [7; 32]);
    desk.write("p256", Plaintext::for_spec(keyferry::model::KeySpec::EccNistP256).bytes);
    let waiting = desk.create(&["--origin", "EXTERNAL"]);
    let described = || desk.ok(&["describe-key", "--key-id", &waiting]);
    let before = (keys(&desk), described());
    let mut transcript = Transcript::new(&desk);
    transcript.mask(&waiting, "KEY-W");
    #[rustfmt::skip]
    let cases: [&[&str]; 6] = [
        &["aes"],
        &["aes", "--key-id", &waiting],
        &["aes", "--wrapping-algorithm", "RSAES_OAEP_SHA_256"],
        &["aes", "--wrapping-key-spec", "RSA_2048", "--output", "text"],
        &["aes", "--key-spec", "HMAC_256", "--wrapping-algorithm", "RSAES_OAEP_SHA_1", "--wrapping-key-spec", "RSA_3072"],
        &["p256", "--key-usage", "SIGN_VERIFY", "--query", "[WrappingAlgorithm, HostExposure, Reason, length(Otherwise)]"],
    ];
    for arguments in cases {
        let run = transcript.expect(0, &[&["import"], arguments, &["--dry-run"]].concat());
        assert_eq!(run.stderr, "", "{arguments:?}");
    }
    transcript.golden("import-dry-run");
    assert_eq!((keys(&desk), described()), before);
}

#[test]
fn it_tells_what_an_import_then_does() {
    let desk = Desk::at(&Daemon::shared());
    let material = Plaintext::aes();
    desk.write("KEY", &material.bytes);
    let id = desk.create(&["--origin", "EXTERNAL"]);
    let dry = || answer(&desk.run(&import(&["KEY", "--key-id", &id, "--dry-run"])));
    let told = dry();
    let done = answer(&desk.run(&import(&["KEY", "--key-id", &id])));
    assert_eq!((told["WouldImport"].as_bool(), id_of(&told)), (Some(true), id.clone()));
    for name in ["KeyMaterialId", "KeyCheckValue", "KeyFile", "WrappingAlgorithm", "WrappingKeySpec", "HostExposure"] {
        assert_eq!(told[name], done[name], "{name}");
    }
    assert_eq!(dry()["WouldImport"], false, "there is nothing to do any more");
}

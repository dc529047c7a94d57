//! What `import` does not do, how it says so, and that it leaves no key behind.

use std::sync::Arc;

use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;

use super::{answer, desk_with_key, id_of, import};
use crate::client::desk::Desk;
use crate::client::golden::Transcript;
use crate::harness::{Daemon, Plaintext, Settings};
use crate::openssl;

/// Every key that there is.
pub fn keys(desk: &Desk) -> String {
    desk.ok(&["list-keys", "--query", "sort_by(Keys, &KeyId)"])
}

#[test]
fn no_key_is_made_for_what_cannot_come_in() {
    // A service of its own, for its keys are counted.
    let desk = Desk::at(&Arc::new(Daemon::start(Settings::default())));
    desk.write("aes", [7; 32]);
    desk.write("31", [7; 31]);
    desk.write("empty", "");
    desk.write("passphrase", "wrong\n");
    let (p256, rsa) = (openssl::pkcs8(MaterialKind::Ec(Curve::P256)), openssl::pkcs8(MaterialKind::Rsa(2048)));
    desk.write("public", openssl::run(desk.folder(), "pkey -inform DER -pubout", &p256));
    desk.write("locked", openssl::run(desk.folder(), "pkcs8 -topk8 -inform DER -v2 aes-256-cbc -passout pass:right", &p256));
    desk.write("p256", &p256);
    desk.write("rsa", &rsa);
    let external = |more: &[&str]| desk.create(&[&["--origin", "EXTERNAL"], more].concat());
    let (aes, hmac) = (external(&[]), external(&["--key-spec", "HMAC_384", "--key-usage", "GENERATE_VERIFY_MAC"]));
    let (own, doomed) = (desk.create(&[]), external(&[]));
    desk.ok(&["schedule-key-deletion", "--key-id", &doomed]);
    let before = keys(&desk);

    let mut transcript = Transcript::new(&desk);
    for (id, mask) in [(&aes, "KEY-AES"), (&hmac, "KEY-HMAC"), (&own, "KEY-OWN"), (&doomed, "KEY-DOOMED")] {
        transcript.mask(id, mask);
    }
    #[rustfmt::skip]
    let refused: [(i32, &[&str]); 28] = [
        // The file.
        (255, &["absent"]),
        (255, &["."]),
        (255, &["empty"]),
        (255, &["31"]),
        (255, &["public"]),
        (255, &["locked", "--passphrase-file", "passphrase"]),
        (255, &["locked", "--passphrase-file", "absent"]),
        (255, &["aes", "--key-material-format", "pem"]),
        // What the key is to be.
        (252, &["rsa"]),
        (252, &["p256", "--description", "of mine"]),
        (252, &["p256", "--key-usage", "ENCRYPT_DECRYPT"]),
        (255, &["aes", "--key-spec", "HMAC_512"]),
        (255, &["rsa", "--key-spec", "ECC_NIST_P256", "--key-usage", "SIGN_VERIFY"]),
        (255, &["p256", "--key-spec", "ECC_SECG_P256K1"]),
        // The key that is there.
        (255, &["rsa", "--key-id", &aes]),
        (255, &["aes", "--key-id", &hmac]),
        (255, &["aes", "--key-id", &own]),
        (255, &["aes", "--key-id", &doomed]),
        (254, &["aes", "--key-id", "1234abcd-12ab-34cd-56ef-1234567890ab"]),
        (252, &["aes", "--key-id", &aes, "--key-spec", "SYMMETRIC_DEFAULT"]),
        // The way.
        (252, &["rsa", "--key-usage", "SIGN_VERIFY", "--wrapping-algorithm", "RSAES_OAEP_SHA_256"]),
        (252, &["aes", "--wrapping-algorithm", "RSA_AES_KEY_WRAP_SHA_1"]),
        // The end.
        (252, &["aes", "--valid-to", "soon"]),
        (252, &["aes", "--valid-to", "2020-01-01T00:00:00Z"]),
        (252, &["aes", "--valid-to", "400d"]),
        (252, &["aes", "--patience", "long"]),
        // What is printed.
        (252, &["aes", "--query", "KeyId["]),
        (252, &[]),
    ];
    for (code, arguments) in refused {
        let arguments = [&["import"], arguments].concat();
        let run = transcript.expect(code, &arguments);
        let advised = |text: &str| text.trim().lines().filter(|line| !line.is_empty()).count() > 1;
        assert!(run.stdout.is_empty() && advised(&run.stderr), "{arguments:?} does not say what to do: {}", run.stderr);
        // What would not be done is said of a dry run, too.
        let dry = desk.run(&[&arguments[..], &["--dry-run"]].concat());
        let first = |text: &str| text.trim().lines().next().unwrap().to_owned();
        assert_eq!((dry.code, first(&dry.stderr)), (code, first(&run.stderr)), "{arguments:?}");
    }
    transcript.golden("errors-import");
    assert_eq!(keys(&desk), before);
}

#[test]
fn a_key_with_material_takes_no_other() {
    let (desk, _) = desk_with_key();
    let key = id_of(&answer(&desk.run(&import(&["KEY"]))));
    desk.write("OTHER", Plaintext::aes().bytes);
    let before = desk.ok(&["describe-key", "--key-id", &key]);
    for more in [&[][..], &["--again"], &["--dry-run"]] {
        let other = desk.run(&[&import(&["OTHER", "--key-id", &key])[..], more].concat());
        assert_eq!((other.code, other.stdout.as_str()), (255, ""), "{more:?}");
        let lines: Vec<&str> = other.stderr.trim().lines().collect();
        assert!(lines[0].contains(&format!("key/{key} is bound to other key material: it has ")), "{more:?}: {lines:?}");
        assert_eq!(lines[1..], ["Leave --key-id away, and a key is made for this material"], "{more:?}");
    }
    // Material that was taken away leaves the key as bound as it was.
    assert_eq!(desk.ok(&["describe-key", "--key-id", &key]), before);
    desk.ok(&["delete-imported-key-material", "--key-id", &key]);
    assert_eq!(desk.run(&import(&["OTHER", "--key-id", &key])).code, 255);
    assert_eq!(answer(&desk.run(&import(&["KEY", "--key-id", &key])))["KeyMetadata"]["KeyState"], "Enabled");
}

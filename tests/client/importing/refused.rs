//! What `import` does not do, how it says so, and that it leaves no key behind.

use crate::client::desk::Desk;
use crate::client::golden::Transcript;
use crate::harness::{Daemon, Plaintext, Settings};
use crate::openssl;
use keyferry::model::key_spec::Curve;
use keyferry::model::{KeySpec, MaterialKind};
use std::sync::Arc;

use super::{QUICK, answer, desk_with_key, id_of, import};

/// Every key that there is.
fn keys(desk: &Desk) -> String {
    desk.ok(&["list-keys", "--query", "sort_by(Keys, &KeyId)"])
}

#[test]
fn no_key_is_made_for_what_cannot_come_in() {
    // One of its own, for its keys are counted.
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
    for (id, mask) in [(&aes, "KEY-A"), (&hmac, "KEY-H"), (&own, "KEY-OWN"), (&doomed, "KEY-DOOMED")] {
        transcript.mask(id, mask);
    }
    #[rustfmt::skip]
    let refused: [(i32, &[&str]); 24] = [
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
        (252, &["aes", "--valid-to", "soon"]),
        (252, &["aes", "--query", "KeyId["]),
    ];
    for (code, arguments) in refused {
        for dry in [&[][..], &["--dry-run"]] {
            let arguments = [&["import"], arguments, dry].concat();
            let run = desk.run(&arguments);
            println!("{code} {} {arguments:?} {}", run.code, run.stderr);
        }
    }
    transcript.golden("errors-import");
    assert_eq!(keys(&desk), before);
}

//! Files that are no key of use, each refused by its name: golden, to the letter.

use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;

use serde_json::{Value, json};

use super::super::golden::{Transcript, golden};
use super::{Desk, WRAP, openssl, saved, saved_for};

#[test]
fn what_is_no_key_of_use_is_called_by_its_name() {
    let desk = saved_for("ECC_NIST_P256", "RSAES_OAEP_SHA_256");
    let openssl = |arguments: &str, input: &[u8]| openssl::run(desk.folder(), arguments, input);
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    desk.write("key.der", &key);
    let pem = openssl("pkey -inform DER", &key);
    desk.write("key.pem", &pem);
    desk.write("sesame", "open sesame");
    desk.write("certificate.pem", openssl("req -x509 -new -key key.pem -subj /CN=x -days 1", b""));
    desk.write("request.pem", openssl("req -new -key key.pem -subj /CN=x", b""));
    desk.write("public.pem", openssl("pkey -pubout", &pem));
    desk.write("legacy.pem", openssl("ec -aes-256-cbc -passout file:sesame", &pem));
    desk.write("explicit.pem", openssl("ec -param_enc explicit", &pem));
    desk.write(
        "other-curve.pem",
        openssl::run(desk.folder(), "pkey -inform DER", &openssl::pkcs8(MaterialKind::Ec(Curve::P384))),
    );
    desk.write("ed25519.pem", openssl("genpkey -algorithm ED25519", b""));
    desk.write("bundle.p12", openssl("pkcs12 -export -inkey key.pem -in certificate.pem -passout file:sesame", b""));
    desk.write("two.pem", [&pem[..], &pem].concat());
    desk.write("short.bin", [7; 31]);
    desk.write("empty", b"");
    desk.write("words.txt", "correct horse battery staple\n");
    desk.write("huge", vec![7; 64 * 1024 + 1]);

    let files = [
        "certificate.pem",
        "request.pem",
        "public.pem",
        "legacy.pem",
        "explicit.pem",
        "other-curve.pem",
        "ed25519.pem",
        "bundle.p12",
        "two.pem",
        "short.bin",
        "empty",
        "words.txt",
        "huge",
        ".",
        "absent",
        "fileb://key.der",
    ];
    refuses_each(&desk, &files.map(|file| [&WRAP[..], &["--key-material", file]].concat()), "wrap-refused");
    // The last of them says what to do, and that is all that is wrong.
    desk.ok(&[&WRAP[..], &["--key-material", "key.der"]].concat());
}

#[test]
fn what_does_not_fit_is_said_with_what_would() {
    let wrap = |file: &'static str| [&WRAP[..], &["--key-material", file]].concat();
    let desk = saved_for("ECC_NIST_P521", "RSAES_OAEP_SHA_256");
    desk.write("p521.der", openssl::pkcs8(MaterialKind::Ec(Curve::P521)));
    refuses_each(&desk, &[wrap("p521.der")], "wrap-unfit");

    let desk = saved(|_| {});
    desk.write("31.bin", [0xff; 31]);
    desk.write("31.hex", "a7".repeat(31));
    desk.write("16.hex", "0123456789abcdef".repeat(2));
    desk.write("64.bin", [0xff; 64]);
    desk.write("rsa.der", openssl::pkcs8(MaterialKind::Rsa(2048)));
    let files = ["31.bin", "31.hex", "16.hex", "64.bin", "rsa.der"];
    refuses_each(&desk, &files.map(wrap), "wrap-unfit-aes");
}

#[test]
fn parameters_that_do_not_serve_are_refused_before_the_key_file_is_opened() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 13] = [
        ("ended", |set| set["ParametersValidTo"] = json!("2026-01-02T03:04:05Z")),
        ("ended, in seconds", |set| set["ParametersValidTo"] = json!(1767323045.5)),
        ("no time", |set| set["ParametersValidTo"] = json!("soon")),
        ("a wrapping for private keys", |set| set["WrappingAlgorithm"] = json!("RSA_AES_KEY_WRAP_SHA_256")),
        ("a wrapping that is withdrawn", |set| set["WrappingAlgorithm"] = json!("RSAES_PKCS1_V1_5")),
        ("no wrapping", |set| set["WrappingAlgorithm"] = json!("ROT13")),
        ("a key that is not served", |set| set["KeySpec"] = json!("ML_DSA_44")),
        ("another wrapping key", |set| set["WrappingKeySpec"] = json!("RSA_3072")),
        ("no public key", |set| set["PublicKey"] = json!("AAAA")),
        ("no base64", |set| set["PublicKey"] = json!("?")),
        ("an alias", |set| set["KeyId"] = json!("alias/x")),
        ("the reference's own answer", |set| drop(set.as_object_mut().unwrap().remove("KeySpec"))),
        ("no object", |set| *set = json!([])),
    ];
    let mut lines = String::new();
    for (name, change) in changes {
        let desk = saved(change);
        let mut transcript = Transcript::new(&desk);
        transcript.note(name);
        transcript.expect(255, &[&WRAP[..], &["--key-material", "absent"]].concat());
        assert!(!desk.path("blob.bin").exists(), "{name}");
        lines.push_str(&transcript.text());
    }
    let desk = Desk::bare();
    desk.write("params.json", "KEYID\tarn:aws:kms:us-east-1:111122223333:key/x\n");
    let mut transcript = Transcript::new(&desk);
    transcript.note("saved with --output text, and not saved");
    transcript.expect(255, &[&WRAP[..], &["--key-material", "absent"]].concat());
    transcript.expect(255, &["wrap", "--parameters", "absent", "--out", "blob.bin", "--key-material", "absent"]);
    golden("wrap-parameters", &(lines + &transcript.text()));
}

/// Each of the commands is refused with 255, says what to do and writes nothing; what is said is the golden file of this name.
pub(super) fn refuses_each(desk: &Desk, commands: &[Vec<&str>], name: &str) {
    let mut transcript = Transcript::new(desk);
    for command in commands {
        let run = transcript.expect(255, command);
        assert_eq!(run.stdout, "", "{command:?}");
        assert_eq!(run.stderr.trim().lines().count(), 2, "{command:?}: {}", run.stderr);
        assert!(!desk.path("blob.bin").exists(), "{command:?}");
    }
    transcript.golden(name);
}

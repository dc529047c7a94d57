//! `--key-material-format`: what a key file is said to be, it is, or nothing.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use keyferry::model::MaterialKind;
use keyferry::model::key_spec::Curve;

use super::super::golden::Transcript;
use super::refused::refuses_each;
use super::{Desk, WRAP, opened, openssl, saved, saved_for};

const OAEP: &str = "RSAES_OAEP_SHA_256";

fn said<'a>(file: &'a str, format: &'a str) -> Vec<&'a str> {
    [&WRAP[..], &["--key-material", file, "--key-material-format", format]].concat()
}

/// What is shown of the key file, and that what is wrapped is this key.
#[track_caller]
fn is_taken(desk: &Desk, file: &str, format: &str, description: &str, key: &[u8]) {
    assert_eq!(desk.query("KeyFile", &said(file, format)), description);
    assert_eq!(opened(desk, OAEP), key, "{file} as {format}");
    std::fs::remove_file(desk.path("blob.bin")).unwrap();
}

#[test]
fn the_same_text_is_another_key_in_each_format() {
    let text = base16ct::lower::encode_string(&openssl::pkcs8(MaterialKind::Aes256));
    let decoded = Base64::decode_vec(&text).unwrap();
    for (spec, format, description, key) in [
        ("SYMMETRIC_DEFAULT", "hex", "32 bytes, hexadecimal text", base16ct::lower::decode_vec(&text).unwrap()),
        ("HMAC_384", "base64", "48 bytes, base64 text", decoded),
        ("HMAC_512", "raw", "64 bytes, raw", text.clone().into_bytes()),
    ] {
        let desk = saved_for(spec, OAEP);
        desk.write("KEY", &text);
        is_taken(&desk, "KEY", format, description, &key);
    }
}

#[test]
fn every_format_is_taken_where_it_is_said() {
    let desk = saved(|_| {});
    let key = openssl::pkcs8(MaterialKind::Aes256);
    desk.write("raw", &key);
    desk.write("hex", base16ct::upper::encode_string(&key));
    desk.write("base64", Base64::encode_string(&key));
    desk.write("jwk", format!("{{\"kty\":\"oct\",\"k\":\"{}\"}}", Base64UrlUnpadded::encode_string(&key)));
    for (format, description) in [
        ("raw", "32 bytes, raw"),
        ("hex", "32 bytes, hexadecimal text"),
        ("base64", "32 bytes, base64 text"),
        ("jwk", "32 bytes, JWK"),
    ] {
        is_taken(&desk, format, format, description, &key);
    }

    let desk = saved_for("ECC_NIST_P256", OAEP);
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    let pem = openssl::run(desk.folder(), "pkey -inform DER", &key);
    desk.write("der", &key);
    desk.write("pem", &pem);
    desk.write("openssh", &pem);
    std::fs::set_permissions(desk.path("openssh"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut keygen = Command::new("ssh-keygen");
    desk.furnish(&mut keygen);
    assert!(keygen.args(["-q", "-p", "-N", "", "-f", "openssh"]).output().unwrap().status.success());
    for (format, description) in [
        ("der", "a PKCS#8 EC private key on P-256, DER"),
        ("pem", "a PKCS#8 EC private key on P-256, PEM"),
        ("openssh", "an OpenSSH EC private key on P-256, PEM"),
    ] {
        is_taken(&desk, format, format, description, &key);
    }
}

#[test]
fn what_is_not_in_the_format_that_was_said_is_refused() {
    let desk = saved_for("ECC_NIST_P256", OAEP);
    let key = openssl::pkcs8(MaterialKind::Ec(Curve::P256));
    desk.write("der", &key);
    desk.write("pem", openssl::run(desk.folder(), "pkey -inform DER", &key));
    desk.write("32", [0xff; 32]);
    desk.write("31", "a7".repeat(31));
    let commands = [
        ("pem", "raw"),
        ("pem", "hex"),
        ("pem", "base64"),
        ("pem", "der"),
        ("pem", "jwk"),
        ("pem", "openssh"),
        ("der", "pem"),
        ("32", "hex"),
        ("32", "base64"),
        ("32", "der"),
        ("31", "hex"),
    ];
    refuses_each(&desk, &commands.map(|(file, format)| said(file, format)), "wrap-format");
    let mut transcript = Transcript::new(&desk);
    transcript.expect(252, &said("pem", "pkcs8"));
    transcript.golden("wrap-format-usage");
    // Not one of them is wrong by itself.
    for file in ["der", "pem"] {
        desk.ok(&said(file, "auto"));
    }
}

#[test]
fn a_password_is_a_key_only_for_those_who_say_so() {
    let desk = saved(|_| {});
    let letters = b"correcthorsebatterystaplecorrect";
    desk.write("KEY", letters);
    let guessed = desk.run(&said("KEY", "auto"));
    assert_eq!(guessed.code, 255);
    assert!(guessed.stderr.contains("say --key-material-format raw"), "{}", guessed.stderr);
    is_taken(&desk, "KEY", "raw", "32 bytes, raw", letters);
}

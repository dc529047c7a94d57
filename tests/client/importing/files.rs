//! Key files as openssl, ssh-keygen and people write them: one form for each key spec.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use keyferry::model::KeySpec;

use crate::client::desk::Desk;
use crate::openssl;

/// Opens the encrypted ones.
pub const PASSPHRASE: &str = "correct horse";

/// A form of a key file.
pub struct File {
    pub spec: KeySpec,
    /// The file, from raw bytes or PKCS#8 DER.
    pub make: fn(&Desk, &[u8]) -> Vec<u8>,
    /// What must be said with it.
    pub options: &'static [&'static str],
    /// What the client calls it.
    pub description: &'static str,
}

const SIGN: &[&str] = &["--key-usage", "SIGN_VERIFY"];
const LOCKED: &[&str] = &["--key-usage", "SIGN_VERIFY", "--passphrase-file", "passphrase"];
const AGREE_OPEN: &[&str] = &["--key-usage", "KEY_AGREEMENT"];
const AGREE: &[&str] = &["--key-usage", "KEY_AGREEMENT", "--passphrase-file", "passphrase"];

/// One for each key spec, in their order.
#[rustfmt::skip]
pub const FILES: [File; 13] = [
    file(KeySpec::SymmetricDefault, raw,         &[],                         "32 bytes"),
    file(KeySpec::Hmac224,          hex,         &[],                         "28 bytes, hexadecimal text"),
    file(KeySpec::Hmac256,          base64,      &["--key-spec", "HMAC_256"], "32 bytes, base64 text"),
    file(KeySpec::Hmac384,          jwk,         &[],                         "48 bytes, JWK"),
    file(KeySpec::Hmac512,          raw,         &[],                         "64 bytes"),
    file(KeySpec::Rsa2048,          traditional, SIGN,                        "a PKCS#1 RSA private key of 2048 bits, PEM"),
    file(KeySpec::Rsa3072,          openssh,     SIGN,                        "an OpenSSH RSA private key of 3072 bits, PEM"),
    file(KeySpec::Rsa4096,          raw,         SIGN,                        "a PKCS#8 RSA private key of 4096 bits, DER"),
    file(KeySpec::EccNistP256,      traditional, SIGN,                        "a SEC1 EC private key on P-256, PEM"),
    file(KeySpec::EccNistP384,      encrypted,   LOCKED,                      "an encrypted PKCS#8 EC private key on P-384, PEM"),
    file(KeySpec::EccNistP521,      locked,      AGREE,                       "an encrypted OpenSSH EC private key on P-521, PEM"),
    file(KeySpec::EccSecgP256k1,    sec1_der,    &[],                         "a SEC1 EC private key on secp256k1, DER"),
    file(KeySpec::Sm2,              raw,         AGREE_OPEN,                  "a PKCS#8 EC private key on SM2, DER"),
];

const fn file(
    spec: KeySpec,
    make: fn(&Desk, &[u8]) -> Vec<u8>,
    options: &'static [&'static str],
    description: &'static str,
) -> File {
    File { spec, make, options, description }
}

fn raw(_: &Desk, key: &[u8]) -> Vec<u8> {
    key.to_vec()
}

fn hex(_: &Desk, key: &[u8]) -> Vec<u8> {
    format!("{}\n", base16ct::lower::encode_string(key)).into()
}

fn base64(_: &Desk, key: &[u8]) -> Vec<u8> {
    format!("{}\n", Base64::encode_string(key)).into()
}

fn jwk(_: &Desk, key: &[u8]) -> Vec<u8> {
    serde_json::json!({"kty": "oct", "k": Base64UrlUnpadded::encode_string(key)}).to_string().into()
}

/// PKCS#1 or SEC1.
fn traditional(desk: &Desk, key: &[u8]) -> Vec<u8> {
    openssl::run(desk.folder(), "pkey -inform DER -traditional", key)
}

fn sec1_der(desk: &Desk, key: &[u8]) -> Vec<u8> {
    openssl::run(desk.folder(), "pkey -inform DER -traditional -outform DER", key)
}

fn encrypted(desk: &Desk, key: &[u8]) -> Vec<u8> {
    openssl::run(desk.folder(), "pkcs8 -topk8 -inform DER -v2 aes-256-cbc -passout file:passphrase", key)
}

fn openssh(desk: &Desk, key: &[u8]) -> Vec<u8> {
    by_ssh_keygen(desk, key, "")
}

fn locked(desk: &Desk, key: &[u8]) -> Vec<u8> {
    by_ssh_keygen(desk, key, PASSPHRASE)
}

/// ssh-keygen writes what it reads anew in its own form; few rounds, for these take their time on purpose.
fn by_ssh_keygen(desk: &Desk, key: &[u8], passphrase: &str) -> Vec<u8> {
    let path = desk.path("id");
    desk.write("id", openssl::run(desk.folder(), "pkcs8 -topk8 -nocrypt -inform DER", key));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-p", "-a", "1", "-N", passphrase, "-f"]).arg(&path);
    let output = command.output().expect("ssh-keygen is on the path");
    assert!(output.status.success(), "ssh-keygen: {output:?}");
    std::fs::read(path).unwrap()
}

//! The harness held to its own word, on keys that `softhsm2-util` brought into a token: what it sees and what it checks.

use std::process::Command;

use aes_kw::{KeyInit, KwpAes256};
use keyferry::model::key_spec::{Curve, HmacHash};
use keyferry::model::{KeySpec, MaterialKind, OaepHash};
use rsa::pkcs8::DecodePrivateKey;
use sha2::Digest;
use tempfile::TempDir;

use super::any_token::{AnyToken, Make};
use super::openssl::{self, Padding};
use super::softhsm::{LABEL, PIN};
use super::token::{SignWith, Token};
use super::{Plaintext, audit, der, rustcrypto};

/// Brings a key into the token the way a careless person would: for every use.
fn bring_in(token: &AnyToken, id: &str, pkcs8: &[u8]) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, pem(pkcs8)).unwrap();
    let mut command = Command::new("softhsm2-util");
    command.arg("--import").arg(&file).args(["--token", LABEL, "--pin", PIN, "--label", "careless", "--id", id]);
    let output = command.env("SOFTHSM2_CONF", token.conf()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn pem(pkcs8: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let body = Base64::encode_string(pkcs8);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

#[test]
fn a_view_of_a_token_sees_what_keys_may_do_and_uses_them() {
    let token = AnyToken::new(Make::SoftHsm);
    let (rsa, ec) = (openssl::private_key(MaterialKind::Rsa(2048)), openssl::private_key(MaterialKind::Ec(Curve::P521)));
    let aes = openssl::random(32);
    bring_in(&token, "aa01", &rsa);
    bring_in(&token, "aa03", &ec);
    let mut view = Token::open(&token);
    view.plant("aa02", "hard", &aes, false);
    view.plant("aa04", "soft", &aes, true);
    let objects = view.audit();
    let seen = |id: &str, class: &str| objects.iter().find(|object| object.id == id && object.class == class).unwrap();
    let rsa_key = seen("aa01", "private");
    assert!(["DECRYPT", "SIGN", "UNWRAP"].iter().all(|flag| audit::may(rsa_key, flag)), "{rsa_key:?}");
    let (hard, soft) = (seen("aa02", "secret"), seen("aa04", "secret"));
    assert_eq!((hard.readable.len(), hard.escapes.len()), (0, 0), "{hard:?}");
    assert!(audit::may(soft, "EXTRACTABLE") && soft.readable == ["VALUE"], "{soft:?}");
    assert!(soft.escapes.contains(&"wrapped out".to_owned()), "{soft:?}");

    let (message, iv) = (b"a message", [3; 12]);
    let spki = openssl::public_key(&rsa);
    for (with, padding) in [(SignWith::RsaPkcs1Sha256, Padding::Pkcs1), (SignWith::RsaPssSha256, Padding::Pss)] {
        let signature = view.sign("aa01", with, message).unwrap();
        assert!(openssl::rsa_verifies(&spki, padding, message, &signature));
        assert!(!openssl::rsa_verifies(&spki, padding, b"another", &signature));
    }
    assert_eq!(view.decrypt_oaep("aa01", &openssl::oaep(&spki, OaepHash::Sha1, message)).unwrap(), message);
    assert_eq!(view.decrypt_oaep("aa01", &rustcrypto::oaep(&spki, OaepHash::Sha1, message)).unwrap(), message);
    view.decrypt_oaep("aa01", &openssl::oaep(&spki, OaepHash::Sha256, message)).unwrap_err();

    let encrypted = view.encrypt_gcm("aa02", &iv, message).unwrap();
    let counter = [&iv[..], &[0, 0, 0, 2]].concat().try_into().unwrap();
    assert_eq!(encrypted[..message.len()], openssl::aes_ctr(&aes, &counter, message));

    let digest = sha2::Sha512::digest(message);
    let signature = der::ecdsa_signature(&view.sign("aa03", SignWith::Ecdsa, &digest).unwrap());
    let spki = openssl::public_key(&ec);
    assert!(openssl::ecdsa_verifies(&spki, 512, message, &signature));
    assert!(!openssl::ecdsa_verifies(&spki, 512, b"another", &signature));
}

#[test]
fn both_wrappers_make_what_the_other_kind_of_code_opens() {
    let pkcs8 = openssl::private_key(MaterialKind::Rsa(2048));
    let spki = openssl::public_key(&pkcs8);
    let key = rsa::PrivateKey::from_pkcs8_der(&pkcs8).unwrap();
    let kek: [u8; 32] = openssl::random(32).try_into().unwrap();
    for length in [1, 31, 32, 128] {
        let plaintext = openssl::random(length);
        for wrapped in [openssl::kwp(&kek, &plaintext), rustcrypto::kwp(&kek, &plaintext)] {
            let mut buffer = vec![0; wrapped.len()];
            assert_eq!(KwpAes256::new(&kek.into()).unwrap_key(&wrapped, &mut buffer).unwrap(), plaintext);
        }
        for oaep in [openssl::oaep, rustcrypto::oaep] {
            assert_eq!(key.oaep_decrypt::<sha1::Sha1>(&oaep(&spki, OaepHash::Sha1, &plaintext)).unwrap(), plaintext);
            assert_eq!(key.oaep_decrypt::<sha2::Sha256>(&oaep(&spki, OaepHash::Sha256, &plaintext)).unwrap(), plaintext);
        }
    }
}

#[test]
fn what_an_owner_computes_agrees_with_openssl() {
    // RFC 4231, test case 2, and FIPS 197, appendix C.3.
    let mac = openssl::hmac(HmacHash::Sha256, b"Jefe", b"what do ya want for nothing?");
    assert_eq!(openssl::hex(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    let bytes: Vec<u8> = (0..32).collect();
    let material = Plaintext { kind: MaterialKind::Aes256, bytes: bytes.clone() };
    assert_eq!(material.kcv().unwrap(), openssl::hex(&openssl::aes_ctr(&bytes, &[0; 16], &[0; 16])[..3]));
    let [one, other] = [KeySpec::EccNistP384; 2].map(Plaintext::for_spec);
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    assert_ne!(one.fingerprint(id), other.fingerprint(id));
    assert_ne!(one.fingerprint(id), one.fingerprint("1234abcd-12ab-34cd-56ef-1234567890ac"));
    let peers = [&one, &other].map(|material| openssl::public_key(&material.bytes));
    assert_eq!(openssl::ecdh(&one.bytes, &peers[1]), openssl::ecdh(&other.bytes, &peers[0]));
}

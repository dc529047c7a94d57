//! Imported keys at work inside the token, checked outside by OpenSSL.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use keyferry::model::key_spec::{Curve, HmacHash};
use keyferry::model::{KeyUsage, MaterialKind, OaepHash};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::harness::openssl::{self, Padding};
use crate::harness::token::{SignWith, Token};
use crate::harness::{Plaintext, der, rustcrypto};

const MESSAGE: &[u8] = b"it is the material that was sent, and it works";

/// Checks that the object does what its key is for, with the right material, and nothing else.
pub fn assert_works(token: &mut Token, object: &str, usage: KeyUsage, material: &Plaintext, cell: &str) {
    match (material.kind, usage) {
        (MaterialKind::Aes256, _) => encrypts(token, object, material, cell),
        (MaterialKind::Hmac(hash), _) => macs(token, object, hash, material, cell),
        (MaterialKind::Rsa(_), KeyUsage::SignVerify) => rsa_signs(token, object, material, cell),
        (MaterialKind::Rsa(_), _) => rsa_decrypts(token, object, material, cell),
        (MaterialKind::Ec(curve), KeyUsage::KeyAgreement | KeyUsage::EncryptDecrypt) => {
            agrees(token, object, curve, material, cell)
        }
        (MaterialKind::Ec(curve), _) => ec_signs(token, object, curve, material, cell),
    }
}

fn encrypts(token: &mut Token, object: &str, material: &Plaintext, cell: &str) {
    let iv: [u8; 12] = openssl::random(12).try_into().unwrap();
    let mut encrypted = token.encrypt_gcm(object, &iv, MESSAGE).unwrap();
    // GCM's first counter block after the one for the tag (NIST SP 800-38D §7.1).
    let counter = [&iv[..], &[0, 0, 0, 2]].concat().try_into().unwrap();
    assert_eq!(encrypted[..MESSAGE.len()], openssl::aes_ctr(&material.bytes, &counter, MESSAGE), "{cell}");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &material.bytes).unwrap());
    let opened = key.open_in_place(Nonce::assume_unique_for_key(iv), Aad::empty(), &mut encrypted).expect(cell);
    assert_eq!(opened, MESSAGE, "{cell}");
}

fn macs(token: &mut Token, object: &str, hash: HmacHash, material: &Plaintext, cell: &str) {
    let with = match hash {
        HmacHash::Sha224 => SignWith::HmacSha224,
        HmacHash::Sha256 => SignWith::HmacSha256,
        HmacHash::Sha384 => SignWith::HmacSha384,
        HmacHash::Sha512 => SignWith::HmacSha512,
    };
    assert_eq!(token.sign(object, with, MESSAGE).unwrap(), openssl::hmac(hash, &material.bytes, MESSAGE), "{cell}");
}

fn rsa_signs(token: &mut Token, object: &str, material: &Plaintext, cell: &str) {
    let spki = openssl::public_key(&material.bytes);
    for (with, padding) in [(SignWith::RsaPkcs1Sha256, Padding::Pkcs1), (SignWith::RsaPssSha256, Padding::Pss)] {
        let signature = token.sign(object, with, MESSAGE).unwrap();
        assert!(openssl::rsa_verifies(&spki, padding, MESSAGE, &signature), "{cell}");
    }
    let ciphertext = openssl::oaep(&spki, OaepHash::Sha1, MESSAGE);
    assert!(token.decrypt_oaep(object, &ciphertext).is_err(), "{cell}: a signing key decrypts");
}

fn rsa_decrypts(token: &mut Token, object: &str, material: &Plaintext, cell: &str) {
    let ciphertext = openssl::oaep(&openssl::public_key(&material.bytes), OaepHash::Sha1, MESSAGE);
    assert_eq!(token.decrypt_oaep(object, &ciphertext).unwrap(), MESSAGE, "{cell}");
    assert!(token.sign(object, SignWith::RsaPkcs1Sha256, MESSAGE).is_err(), "{cell}: an encryption key signs");
}

fn ec_signs(token: &mut Token, object: &str, curve: Curve, material: &Plaintext, cell: &str) {
    let (bits, hash) = match curve {
        Curve::P256 | Curve::K256 => (256, Sha256::digest(MESSAGE).to_vec()),
        Curve::P384 => (384, Sha384::digest(MESSAGE).to_vec()),
        Curve::P521 => (512, Sha512::digest(MESSAGE).to_vec()),
        Curve::Sm2 => panic!("no token signs SM2DSA"),
    };
    let signature = der::ecdsa_signature(&token.sign(object, SignWith::Ecdsa, &hash).unwrap());
    assert!(openssl::ecdsa_verifies(&openssl::public_key(&material.bytes), bits, MESSAGE, &signature), "{cell}");
    let (_, point) = peer(curve);
    assert!(token.derive(object, &point, curve.field_bytes()).is_err(), "{cell}: a signing key derives");
}

fn agrees(token: &mut Token, object: &str, curve: Curve, material: &Plaintext, cell: &str) {
    let (spki, point) = peer(curve);
    let secret = token.derive(object, &point, curve.field_bytes()).unwrap();
    // OpenSSL's SM2 keys do not agree on anything.
    let expected = if curve == Curve::Sm2 {
        rustcrypto::sm2_ecdh(&material.bytes, &spki)
    } else {
        openssl::ecdh(&material.bytes, &spki)
    };
    assert_eq!(secret, expected, "{cell}");
    assert!(token.sign(object, SignWith::Ecdsa, &[7; 32]).is_err(), "{cell}: an agreement key signs");
}

/// Somebody else's public key, and its point.
fn peer(curve: Curve) -> (Vec<u8>, Vec<u8>) {
    let spki = openssl::public_key(&openssl::private_key(MaterialKind::Ec(curve)));
    let point = spki[spki.len() - (1 + 2 * curve.field_bytes())..].to_vec();
    (spki, point)
}

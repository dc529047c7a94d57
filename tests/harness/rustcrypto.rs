//! Wrapping by RustCrypto: the second independent half, beside OpenSSL.

use aes_kw::{KeyInit, KwpAes256};
use keyferry::model::OaepHash;
use rsa::pkcs8::DecodePublicKey;

/// RSA-OAEP under a public key, MGF1 with the same hash.
pub fn oaep(spki: &[u8], hash: OaepHash, plaintext: &[u8]) -> Vec<u8> {
    let key = rsa::PublicKey::from_public_key_der(spki).unwrap();
    match hash {
        OaepHash::Sha1 => key.oaep_encrypt::<sha1::Sha1>(plaintext),
        OaepHash::Sha256 => key.oaep_encrypt::<sha2::Sha256>(plaintext),
    }
    .unwrap()
}

/// AES-KWP (RFC 5649) under a 256-bit key.
pub fn kwp(kek: &[u8; 32], plaintext: &[u8]) -> Vec<u8> {
    let mut wrapped = vec![0; plaintext.len().next_multiple_of(8) + 8];
    KwpAes256::new(&(*kek).into()).wrap_key(plaintext, &mut wrapped).unwrap();
    wrapped
}

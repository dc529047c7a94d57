//! Wrapping by RustCrypto: the second independent half, beside OpenSSL.

use aes_kw::{KeyInit, KwpAes256};
use getrandom::SysRng;
use keyferry::model::OaepHash;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use sm2::elliptic_curve::point::AffineCoordinates;
use sm2::pke::EncryptingKey;

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

/// SM2 public-key encryption, in ASN.1.
pub fn sm2pke(spki: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let key = EncryptingKey::new(sm2::PublicKey::from_public_key_der(spki).unwrap());
    key.encrypt_der(&mut SysRng, plaintext).unwrap()
}

/// x of a private key on the SM2 curve times a peer's public key.
pub fn sm2_ecdh(pkcs8: &[u8], peer: &[u8]) -> Vec<u8> {
    let own = sm2::SecretKey::from_pkcs8_der(pkcs8).unwrap().to_nonzero_scalar();
    let peer = sm2::PublicKey::from_public_key_der(peer).unwrap().to_projective();
    (peer * *own).to_affine().x().to_vec()
}

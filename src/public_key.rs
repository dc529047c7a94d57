//! What needs only the public half of a key: encrypting to it, verifying its signatures, taking a peer's point.
//!
//! It is done here, on the host, by RustCrypto, and never by a token: nothing of it is secret but the plaintext that the caller
//! sent over the host anyway, it is right whatever a token can do, and it takes no session from those who need one.

mod curve;

use getrandom::SysRng;
use rsa::PublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use sm2::pke::EncryptingKey;

pub use curve::{point, verify_ecdsa};

use crate::model::{OaepHash, SignatureHash};

/// Why nothing was done with a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are no public key of the kind that was expected.
    #[error("not a DER SubjectPublicKeyInfo of the kind that was expected")]
    Malformed,
    /// The host has no random bytes.
    #[error("the host has no random bytes")]
    NoRandomness,
}

/// The modulus of an RSA key that `spki_der`, a DER SubjectPublicKeyInfo, is: big-endian, without leading zeros.
///
/// # Errors
/// Where it is none.
pub fn modulus(spki_der: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(rsa(spki_der)?.n_bytes().to_vec())
}

/// RSA-OAEP (RFC 8017 §7.1.1; one hash for label and MGF1, empty label), as long as the modulus.
///
/// # Errors
/// Where it is no RSA key, or the plaintext is longer than fits: the modulus less two hashes and 2 bytes.
pub fn encrypt_oaep(spki_der: &[u8], hash: OaepHash, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    let key = rsa(spki_der)?;
    let encrypted = match hash {
        OaepHash::Sha1 => key.oaep_encrypt::<Sha1>(plaintext),
        OaepHash::Sha256 => key.oaep_encrypt::<Sha256>(plaintext),
    };
    encrypted.map_err(|error| match error {
        rsa::Error::Rng => Error::NoRandomness,
        _ => Error::Malformed,
    })
}

/// SM2 encryption (GB/T 32918.4), in the ASN.1 form of GM/T 0009 §7.2.
///
/// # Errors
/// Where it is no key on the SM2 curve, or there is no plaintext.
pub fn encrypt_sm2(spki_der: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    let key = sm2::PublicKey::from_public_key_der(spki_der).map_err(|_| Error::Malformed)?;
    match plaintext {
        [] => Err(Error::Malformed),
        _ => EncryptingKey::new(key).encrypt_der(&mut SysRng, plaintext).map_err(|_| Error::NoRandomness),
    }
}

/// Whether an RSASSA-PKCS1-v1_5 signature (RFC 8017 §8.2) of a digest is this key's.
///
/// # Errors
/// Where it is no RSA key.
pub fn verify_pkcs1(spki_der: &[u8], hash: SignatureHash, digest: &[u8], signature: &[u8]) -> Result<bool, Error> {
    let key = rsa(spki_der)?;
    let verified = match hash {
        SignatureHash::Sha256 => key.pkcs1v15_verify_prehash::<Sha256>(digest, signature),
        SignatureHash::Sha384 => key.pkcs1v15_verify_prehash::<Sha384>(digest, signature),
        SignatureHash::Sha512 => key.pkcs1v15_verify_prehash::<Sha512>(digest, signature),
    };
    Ok(verified.is_ok())
}

/// Whether an RSASSA-PSS signature (RFC 8017 §8.1; MGF1 with the same hash, a salt as long as the hash) of a digest is this key's.
///
/// # Errors
/// Where it is no RSA key.
pub fn verify_pss(spki_der: &[u8], hash: SignatureHash, digest: &[u8], signature: &[u8]) -> Result<bool, Error> {
    let key = rsa(spki_der)?;
    let verified = match hash {
        SignatureHash::Sha256 => key.pss_verify_prehash::<Sha256>(digest, signature),
        SignatureHash::Sha384 => key.pss_verify_prehash::<Sha384>(digest, signature),
        SignatureHash::Sha512 => key.pss_verify_prehash::<Sha512>(digest, signature),
    };
    Ok(verified.is_ok())
}

fn rsa(spki_der: &[u8]) -> Result<PublicKey, Error> {
    PublicKey::from_public_key_der(spki_der).map_err(|_| Error::Malformed)
}

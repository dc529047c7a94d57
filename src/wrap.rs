//! The caller's half: what the owner of key material does with it before it travels.
//!
//! Checks that the material is what the key wants, computes what proves it later, and wraps it with the public key that
//! `GetParametersForImport` answered. Needs no service and no token; independent of both by construction, so that the
//! probe of a token can trust blobs made here.

mod byok;
mod curve;
mod error;
mod key_file;
mod locked;
mod material;
mod permit;
mod private_key;
pub mod spki;
mod words;

pub use byok::byok;
pub use error::Error;
pub use key_file::{Format, KeyFile};
pub use locked::Locked;
pub use material::{Material, locked_material, material};
pub use permit::permit;

use aes_kw::{KeyInit, KwpAes256};
use getrandom::SysRng;
use rsa::PublicKey;
use rsa::pkcs8::DecodePublicKey;
use sha1::Sha1;
use sha2::Sha256;
use sm2::pke::EncryptingKey;
use zeroize::Zeroizing;

use crate::model::wrapping::{KEK_BYTES, MAX_BLOB_BYTES};
use crate::model::{OaepHash, WrappingAlgorithm};

/// Wraps `material` with the public key that `spki_der`, a DER SubjectPublicKeyInfo, is.
///
/// The answer is RSA-OAEP (RFC 8017, one hash for label and MGF1, empty label) of the material, as long as the modulus; or,
/// for the hybrid algorithms, RSA-OAEP of a fresh AES-256 key, followed by AES-KWP (RFC 5649) of the material under it; or, for SM2PKE,
/// the material encrypted by GB/T 32918.4, in the ASN.1 form of GM/T 0009 §7.2.
///
/// # Errors
/// Where the algorithm is none that is served, the key is not RSA of 2048, 3072 or 4096 bits, or for SM2PKE not on the SM2 curve, or the
/// material is empty or too long.
pub fn wrap(spki_der: &[u8], algorithm: WrappingAlgorithm, material: &[u8]) -> Result<Vec<u8>, Error> {
    if algorithm == WrappingAlgorithm::Sm2pke {
        return sm2pke(spki_der, material);
    }
    let hash = algorithm.oaep_hash().ok_or(Error::Algorithm(algorithm))?;
    let (modulus, _) = spki::rsa_parts(spki_der)?;
    let bits = spki::bits(&modulus);
    if ![2048, 3072, 4096].contains(&bits) {
        return Err(Error::PublicKey(format!("RSA of {bits} bits, expected 2048, 3072 or 4096")));
    }
    let key = PublicKey::from_public_key_der(spki_der).map_err(|error| Error::PublicKey(error.to_string()))?;

    let most = capacity(algorithm, hash, modulus.len());
    match material.len() {
        0 => return Err(Error::Empty),
        length if length > most => return Err(Error::TooLong { length, algorithm, bits, most }),
        _ => {}
    }
    if !algorithm.is_hybrid() {
        return oaep(&key, hash, material);
    }
    let mut kek = Zeroizing::new([0; KEK_BYTES]);
    getrandom::fill(kek.as_mut_slice()).map_err(|_| Error::NoRandomness)?;
    let mut blob = oaep(&key, hash, kek.as_slice())?;
    blob.extend(kwp(&kek, material)?);
    Ok(blob)
}

/// The most bytes of material that fit: RFC 8017 §7.1.1 for OAEP, the reference's limit of a blob for the hybrid.
fn capacity(algorithm: WrappingAlgorithm, hash: OaepHash, modulus_bytes: usize) -> usize {
    if algorithm.is_hybrid() { (MAX_BLOB_BYTES - modulus_bytes - 8) / 8 * 8 } else { modulus_bytes - 2 * hash.bytes() - 2 }
}

/// What the ASN.1 form adds to the material at most: two coordinates, a digest, and five headers.
const SM2_OVERHEAD_BYTES: usize = 2 * 33 + 32 + 2 * 2 + 2 + 2 * 4;

fn sm2pke(spki_der: &[u8], material: &[u8]) -> Result<Vec<u8>, Error> {
    let unusable = |_| Error::PublicKey("not a DER SubjectPublicKeyInfo of a point on the SM2 curve".into());
    let key = EncryptingKey::new(sm2::PublicKey::from_public_key_der(spki_der).map_err(unusable)?);
    let most = MAX_BLOB_BYTES - SM2_OVERHEAD_BYTES;
    match material.len() {
        0 => Err(Error::Empty),
        length if length > most => Err(Error::TooLong { length, algorithm: WrappingAlgorithm::Sm2pke, bits: 256, most }),
        _ => key.encrypt_der(&mut SysRng, material).map_err(|_| Error::NoRandomness),
    }
}

fn oaep(key: &PublicKey, hash: OaepHash, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    let encrypted = match hash {
        OaepHash::Sha1 => key.oaep_encrypt::<Sha1>(plaintext),
        OaepHash::Sha256 => key.oaep_encrypt::<Sha256>(plaintext),
    };
    encrypted.map_err(|error| match error {
        rsa::Error::Rng => Error::NoRandomness,
        error => Error::PublicKey(error.to_string()),
    })
}

fn kwp(kek: &[u8; KEK_BYTES], material: &[u8]) -> Result<Vec<u8>, Error> {
    let mut wrapped = vec![0; material.len().next_multiple_of(8) + 8];
    KwpAes256::new(kek.into()).wrap_key(material, &mut wrapped).map_err(|_| Error::Empty)?;
    Ok(wrapped)
}

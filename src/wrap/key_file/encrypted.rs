//! Encrypted PKCS#8 (RFC 5958 §3).
//!
//! How much work a passphrase makes is for the file to say (RFC 8018 §5.2, RFC 7914 §2). Beyond these bounds a file would end the
//! process for want of memory, or hold it for hours: none is written so by accident.

use der::Decode;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5;
use pkcs8::pkcs5::pbes2::Kdf;
use secrecy::ExposeSecret;

use super::asn1::{self, Source};
use super::{Found, Passphrase};
use crate::wrap::Error;

const FORM: &str = "a PKCS#8 private key";

/// Of PBKDF2: what NIST SP 800-132 §5.2 calls appropriate for very critical keys. A few seconds.
const MOST_ITERATIONS: u32 = 10_000_000;
/// Bytes that scrypt mixes, 128·N·r·p: so much memory at once where p is 1, as it is in what OpenSSL writes.
const MOST_MIXED: u128 = 1 << 30;

/// The private key inside.
pub(super) fn read(der: &[u8], source: Source, passphrase: Passphrase<'_>) -> Result<Found, Error> {
    let anew = format!("encrypt it anew: openssl pkcs8 -topk8 {}-in KEY -out KEY.pem", source.inform);
    let old = || Error::unusable(format!("{FORM} that is encrypted in a way that is not supported"), anew.clone());
    // The old schemes of PKCS#5 v1.5 and PKCS#12 are not read at all.
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| old())?;
    let parameters = info.encryption_algorithm.pbes2().ok_or_else(old)?;
    if let Some(excess) = excess(&parameters.kdf) {
        return Err(Error::unusable(format!("{FORM} that is encrypted with {excess}"), anew));
    }
    let passphrase = passphrase().ok_or(Error::Passphrase(FORM))?;
    let document = info.decrypt(passphrase.expose_secret()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. } | pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => old(),
        // Of the wrong passphrases one in 256 leaves something that looks well padded, and is no DER.
        _ => Error::WrongPassphrase(FORM),
    })?;
    let found = asn1::pkcs8(document.as_bytes(), source)?;
    Ok(Found { encrypted: true, ..found })
}

/// What the derivation of the key wants more of than is given.
fn excess(kdf: &Kdf) -> Option<String> {
    match kdf {
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count > MOST_ITERATIONS => {
            Some(format!("{} iterations of PBKDF2, more than {MOST_ITERATIONS}", pbkdf2.iteration_count))
        }
        Kdf::Scrypt(scrypt) => {
            let (n, r, p) = (scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization);
            let mixed = 128 * u128::from(n) * u128::from(r) * u128::from(p);
            let most = MOST_MIXED >> 20;
            (mixed > MOST_MIXED).then(|| {
                format!("scrypt over {} MiB (N = {n}, r = {r}, p = {p}), more than {most}", mixed.div_ceil(1 << 20))
            })
        }
        _ => None,
    }
}

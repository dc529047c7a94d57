//! Encrypted PKCS#8 (RFC 5958 §3).

use der::Decode;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5;
use secrecy::ExposeSecret;

use super::asn1::{self, Source};
use super::{Found, Passphrase};
use crate::wrap::Error;

const FORM: &str = "a PKCS#8 private key";

/// The private key inside.
pub(super) fn read(der: &[u8], source: Source, passphrase: Passphrase<'_>) -> Result<Found, Error> {
    let old = || {
        let advice = format!("encrypt it anew: openssl pkcs8 -topk8 {}-in KEY -out KEY.pem", source.inform);
        Error::unusable(format!("{FORM} that is encrypted in a way that is not supported"), advice)
    };
    // The old schemes of PKCS#5 v1.5 and PKCS#12 are not read at all.
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| old())?;
    if info.encryption_algorithm.pbes2().is_none() {
        return Err(old());
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

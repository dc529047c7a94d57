//! Public keys of the service that somebody keeps in a file, and believes more than any answer.

use std::path::Path;

use anyhow::anyhow;
use p256::pkcs8::{DecodePublicKey, EncodePublicKey};

use crate::failure::{Failure, of_unread};

/// The DER SubjectPublicKeyInfo of the P-256 key in this file, PEM or DER.
///
/// # Errors
/// Where there is none.
pub(crate) fn p256(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| of_unread(path, &error))?;
    let of_pem = std::str::from_utf8(&bytes).ok().and_then(|text| p256::PublicKey::from_public_key_pem(text.trim()).ok());
    let key = of_pem.or_else(|| p256::PublicKey::from_public_key_der(&bytes).ok());
    let der = key.and_then(|key| key.to_public_key_der().ok()).ok_or_else(|| {
        anyhow!(
            "{}: not a public key of P-256\nGive it as PEM (PUBLIC KEY) or DER, as the service gave it out",
            path.display()
        )
    })?;
    Ok(der.into_vec())
}

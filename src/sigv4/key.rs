//! What signs: derived from a secret for one day, region and service, and worth nothing beyond them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::TERMINATOR;

/// The block of SHA-256, in bytes: HMAC makes every key as long (RFC 2104).
const BLOCK: usize = 64;

/// A signing key. Wiped when it goes, and prints nothing of itself.
#[derive(Clone)]
pub struct SigningKey(Zeroizing<[u8; 32]>);

impl SigningKey {
    /// The key that a secret access key signs with on this day (`yyyymmdd`), in this region, for this service.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        let mut first = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret.as_bytes());
        let mut key = mac(&first, date.as_bytes());
        for part in [region, service, TERMINATOR] {
            key = mac(&*key, part.as_bytes());
        }
        Self(key)
    }

    /// Whether `signature` is this key's over `message`, in constant time.
    pub(super) fn signs(&self, message: &[u8], signature: &[u8; 32]) -> bool {
        mac(&*self.0, message).ct_eq(signature).into()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

/// HMAC-SHA-256.
fn mac(key: &[u8], message: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut block = Zeroizing::new([0; BLOCK]);
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Zeroizing::new(<[u8; 32]>::from(Sha256::digest(key)))[..]);
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

//! An import that waits for a second principal.

use super::key::Arrival;
use super::{Account, KeyId, RequestDigest, Timestamp, UnwrapPath, WrappingAlgorithm, WrappingKeyId};

/// An import as it was asked for, wrapped as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingImport {
    /// The set that it came under.
    pub wrapping_key: WrappingKeyId,
    /// What is approved: SHA-256 over everything that the request consists of.
    pub digest: RequestDigest,
    /// The key that it is for.
    pub key: KeyId,
    /// The account of key and caller.
    pub account: Account,
    /// Who asked.
    pub principal: String,
    /// When.
    pub requested_at: Timestamp,
    /// When its set ends, and the wait.
    pub expires_at: Timestamp,
    /// How the material is wrapped.
    pub algorithm: WrappingAlgorithm,
    /// How it will be unwrapped.
    pub path: UnwrapPath,
    /// ImportToken.
    pub import_token: Vec<u8>,
    /// EncryptedKeyMaterial.
    pub ciphertext: Vec<u8>,
    /// What else the request says.
    pub arrival: Arrival,
}

impl std::fmt::Debug for PendingImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingImport").field("digest", &self.digest).field("key", &self.key).finish_non_exhaustive()
    }
}

//! Checkpoints: the token signs for the chain, so that who writes the file cannot write another.
//!
//! The signed text names chain, installation, line and time: a signature vouches for one place in one log. It covers all lines
//! before it, each by the next one's hash.

use base64ct::{Base64, Encoding};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::bodies::{self, Checkpoint};
use super::line::{Body, Hash, Kind};
use crate::model::InstallationId;

/// What every signed text of this kind begins with.
const DOMAIN: &str = "keyferry audit checkpoint v1";

/// How many lines a checkpoint may come after the last one that it covers: what a reader remembers.
pub(super) const WINDOW: u64 = 65_536;

/// The end of the chain at some moment, for the token to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToBeSigned {
    pub(super) log: Uuid,
    pub(super) installation: InstallationId,
    pub(super) sequence: u64,
    pub(super) hash: Hash,
    pub(super) time: String,
}

impl ToBeSigned {
    /// SHA-256 of the text that ECDSA P-256 is to sign: the domain, the chain's id, the installation's, the sequence number of
    /// the last line covered, its hash in hex and the time in RFC 3339, each followed by a zero byte.
    pub fn digest(&self) -> [u8; 32] {
        let mut text = Sha256::new();
        let Self { log, installation, sequence, hash, time } = self;
        for part in [DOMAIN, &log.to_string(), &installation.to_string(), &sequence.to_string(), &hash.to_string(), time] {
            text.update(part);
            text.update([0]);
        }
        text.finalize().into()
    }

    /// The sequence number of the last line covered.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(super) fn signed(self, key_id: [u8; 32], signature: [u8; 64]) -> Body {
        let checkpoint = Checkpoint {
            sequence: self.sequence,
            hash: self.hash.to_string(),
            time: self.time,
            key: Hash(key_id).to_string(),
            signature: Base64::encode_string(&signature),
        };
        bodies::body(Kind::Checkpoint, &checkpoint)
    }
}

/// The audit key's public half.
pub(super) struct Trusted {
    /// SHA-256 of its DER SubjectPublicKeyInfo, hex.
    pub(super) id: String,
    key: VerifyingKey,
}

impl Trusted {
    /// From a DER SubjectPublicKeyInfo of P-256; `None` where it is something else.
    pub(super) fn new(spki_der: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_public_key_der(spki_der).ok()?;
        Some(Self { id: Hash::of(spki_der).to_string(), key })
    }

    /// Whether this key signed the checkpoint, for what `signed` says.
    pub(super) fn vouches(&self, signed: &ToBeSigned, signature: &str) -> bool {
        let mut bytes = [0; 64];
        let whole = Base64::decode(signature, &mut bytes).is_ok_and(|found| found.len() == 64);
        let parsed = Signature::from_slice(&bytes);
        whole && parsed.is_ok_and(|signature| self.key.verify_prehash(&signed.digest(), &signature).is_ok())
    }
}

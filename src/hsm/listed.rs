//! What a listing of the token is for: its own keys, and whether it is in use.

use super::Found;
use crate::model::{ObjectId, ObjectKind};

/// What a listing found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The keys that the secrets of access keys are derived under.
    pub access_keys: Vec<ObjectId>,
    /// The keys that authenticate import tokens.
    pub macs: Vec<ObjectId>,
    /// The keys that attestations and receipts are signed with.
    pub attestations: Vec<ObjectId>,
    /// The keys that the checkpoints of the audit log are signed with.
    pub audits: Vec<ObjectId>,
    /// Whether there is key material, or a wrapping key.
    pub in_use: bool,
    /// Objects that could not be looked at: not every one of ours need have been seen.
    pub unreadable: usize,
}

impl Listed {
    /// The service's own keys, which no record names.
    pub fn own_keys(&self) -> Vec<ObjectId> {
        [&self.access_keys[..], &self.macs, &self.attestations, &self.audits].concat()
    }

    pub(super) fn note(&mut self, found: Found) {
        match found.kind {
            ObjectKind::AccessKeys => self.access_keys.push(found.id),
            ObjectKind::Attestation => self.attestations.push(found.id),
            ObjectKind::Audit => self.audits.push(found.id),
            ObjectKind::Installation => {}
            ObjectKind::Mac => self.macs.push(found.id),
            ObjectKind::Material | ObjectKind::WrappingKey => self.in_use = true,
        }
    }
}

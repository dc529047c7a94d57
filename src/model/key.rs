//! A key and its states: what may happen to it when, as the reference's key-state table has it (KMS Developer Guide, "Key states").
//!
//! The state is computed from what is recorded and the time, never stored: an expired material ends a key the moment it
//! expires, not when a sweep gets to it.

#[cfg(test)]
pub(crate) mod example;
mod refused;
mod regions;
mod relations;
mod rotation;
mod tagging;
mod transitions;
mod uses;

pub use refused::Refused;
pub use regions::{Family, Replica};
pub use relations::{
    Birth, Debt, HandingOver, Relations, Relative, Report, Role, Shared, SharedMaterial, Sibling, Telling, Told,
};
pub use rotation::Turn;
pub use tagging::MOST_TAGS;
pub use transitions::{Arrival, deletion_window};

use super::{Account, Expiration, KeyId, KeySpec, KeyUsage, Material, MaterialPresence, Tags, Timestamp};

crate::named! {
    /// Where a key's material comes from.
    pub enum Origin {
        /// Made in the token.
        AwsKms = "AWS_KMS",
        /// Imported.
        External = "EXTERNAL",
        /// Not supported.
        AwsCloudhsm = "AWS_CLOUDHSM",
        /// Not supported.
        ExternalKeyStore = "EXTERNAL_KEY_STORE",
    }
}

crate::named! {
    /// What can be done with a key just now. keyferry's keys know all of the reference's states but one, of custom key stores.
    pub enum KeyState {
        /// Everything.
        Enabled = "Enabled",
        /// Nothing with its material, by its owner's wish.
        Disabled = "Disabled",
        /// Nothing but taking the deletion back.
        PendingDeletion = "PendingDeletion",
        /// Nothing with its material, for there is none, or not all of it.
        PendingImport = "PendingImport",
        /// Nothing yet: a replica that is not there.
        Creating = "Creating",
        /// As pending deletion, which begins when the last replica is gone.
        PendingReplicaDeletion = "PendingReplicaDeletion",
        /// Everything but changes, while its place as the primary is handed over.
        Updating = "Updating",
    }
}

/// A scheduled deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// When the key and its material are destroyed; not known while a primary key waits for its replicas to go.
    pub at: Option<Timestamp>,
    /// The waiting period that was asked for, in days.
    pub window_in_days: u32,
}

/// A key's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// Whose it is.
    pub account: Account,
    /// Its kind.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// The owner's words for it.
    pub description: String,
    /// The owner's tags.
    pub tags: Tags,
    /// The policy document its owner keeps with it; `None` where it is the usual one.
    pub policy: Option<String>,
    /// Whether its owner wants it usable. Says nothing while material is missing.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Present while pending deletion.
    pub deletion: Option<Deletion>,
    /// The serial number of the token that holds its material.
    pub token: String,
    /// Every material it has, or had and must recognise.
    pub materials: Vec<Material>,
    /// A multi-Region key's that has, had or is a replica.
    pub relations: Option<Box<Relations>>,
    /// Counts changes; a change is refused where another came between.
    pub version: i64,
}

impl Deletion {
    /// The state that it puts a key into.
    pub fn state(&self) -> KeyState {
        if self.at.is_some() { KeyState::PendingDeletion } else { KeyState::PendingReplicaDeletion }
    }
}

impl Key {
    /// Its state at `now`.
    pub fn state(&self, now: Timestamp) -> KeyState {
        let state = self.condition(now);
        if self.is_updating() && !state.is_pending_deletion() { KeyState::Updating } else { state }
    }

    /// Its state without regard to its being updated, which hinders no use.
    fn condition(&self, now: Timestamp) -> KeyState {
        if let Some(deletion) = self.deletion {
            deletion.state()
        } else if !self.has_all_material(now) {
            KeyState::PendingImport
        } else if self.enabled {
            KeyState::Enabled
        } else {
            KeyState::Disabled
        }
    }

    fn has_all_material(&self, now: Timestamp) -> bool {
        let mut associated = self.associated().peekable();
        associated.peek().is_some() && associated.all(|material| material.is_usable(now))
    }

    /// The materials associated for good: all but one that waits for its rotation.
    pub fn associated(&self) -> impl Iterator<Item = &Material> {
        self.materials.iter().filter(|material| !material.rotation.is_pending())
    }

    /// The material that new operations use, whether its bytes are there or not.
    pub fn current(&self) -> Option<&Material> {
        self.materials.iter().find(|material| material.rotation == super::Rotation::Current)
    }

    /// When its material ends, as DescribeKey shows it: the earliest end of any associated material; `None` while
    /// there is none, and for material made in the token.
    pub fn expiration(&self, now: Timestamp) -> Option<Expiration> {
        if self.origin != Origin::External || !self.associated().any(|material| material.is_usable(now)) {
            return None;
        }
        let earliest = self.associated().filter_map(|material| match material.expiration {
            Expiration::At(end) if material.presence == MaterialPresence::Imported => Some(end),
            _ => None,
        });
        Some(earliest.min().map_or(Expiration::Never, Expiration::At))
    }

    /// Whether a material that waited for its turn is forgotten, for it is not there any more. In a replica none is: it is the
    /// primary's to forget.
    fn is_forgotten(&self, material: &Material, now: Timestamp) -> bool {
        let is_gone = material.presence != MaterialPresence::Awaited && !material.is_usable(now);
        material.rotation.is_pending() && is_gone && !self.is_replica()
    }

    /// Its materials but those that are forgotten, whether a sweep has come by or not.
    pub fn known_materials(&self, now: Timestamp) -> impl Iterator<Item = &Material> {
        self.materials.iter().filter(move |material| !self.is_forgotten(material, now))
    }

    fn find(&mut self, id: &super::KeyMaterialId) -> Option<&mut Material> {
        self.materials.iter_mut().find(|material| material.id == *id)
    }
}

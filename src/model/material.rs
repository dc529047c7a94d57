//! Key material as the record knows it: never the bytes, only what shows which they are and where they lie.

use super::{HostExposure, KeyMaterialId, ObjectId, Timestamp};

crate::named! {
    /// Whether an import brings something new to the key.
    pub enum ImportType {
        /// Material that the key has not had.
        New = "NEW_KEY_MATERIAL",
        /// Material that the key had before.
        Existing = "EXISTING_KEY_MATERIAL",
    }
}

crate::named! {
    /// Whether the bytes are in the token.
    pub enum MaterialPresence {
        /// They are.
        Imported = "imported",
        /// Their time was over, and they were destroyed.
        Expired = "expired",
        /// They were destroyed on request.
        Deleted = "deleted",
        /// They never were: the primary of this replica has them.
        Awaited = "awaited",
    }
}

crate::named! {
    /// The place of a material among those of its key.
    pub enum Rotation {
        /// What new operations use.
        Current = "CURRENT",
        /// Was current before a rotation.
        NonCurrent = "NON_CURRENT",
        /// Imported as new, waiting for a rotation.
        PendingRotation = "PENDING_ROTATION",
        /// The same, until it is in every Region.
        PendingMultiRegionImportAndRotation = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
    }
}

impl Rotation {
    /// Whether it has not been current yet: it is not associated with the key for good.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingRotation | Self::PendingMultiRegionImportAndRotation)
    }
}

crate::named! {
    /// Which materials of a key are listed.
    pub enum IncludeKeyMaterial {
        /// All of them.
        AllKeyMaterial = "ALL_KEY_MATERIAL",
        /// Those that have taken their turn.
        RotationsOnly = "ROTATIONS_ONLY",
    }
}

crate::named! {
    /// Whether imported material ends by itself.
    pub enum ExpirationModel {
        /// At ValidTo.
        Expires = "KEY_MATERIAL_EXPIRES",
        /// Not by itself.
        DoesNotExpire = "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
}

/// When imported material ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiration {
    /// At this moment: KEY_MATERIAL_EXPIRES.
    At(Timestamp),
    /// Not by itself: KEY_MATERIAL_DOES_NOT_EXPIRE.
    Never,
}

impl Expiration {
    /// Whether it ends by itself.
    pub fn model(self) -> ExpirationModel {
        match self {
            Self::At(_) => ExpirationModel::Expires,
            Self::Never => ExpirationModel::DoesNotExpire,
        }
    }

    /// The moment, where there is one.
    pub fn end(self) -> Option<Timestamp> {
        match self {
            Self::At(end) => Some(end),
            Self::Never => None,
        }
    }

    /// Whether it is over at `now`.
    pub fn is_over(self, now: Timestamp) -> bool {
        matches!(self, Self::At(end) if end <= now)
    }
}

/// One material of a key. It stays on record when its bytes are gone: the key remembers what it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// Which material it is.
    pub id: KeyMaterialId,
    /// The CKA_ID of its object.
    pub object: ObjectId,
    /// Whether the bytes are in the token.
    pub presence: MaterialPresence,
    /// Its place among the key's materials.
    pub rotation: Rotation,
    /// When it took its turn; `None` for the first, and for one that waits.
    pub rotated_at: Option<Timestamp>,
    /// The caller's words for it; empty where there are none.
    pub description: String,
    /// When it ends.
    pub expiration: Expiration,
    /// When it came, last.
    pub imported_at: Timestamp,
    /// The public half, DER SubjectPublicKeyInfo, of a private key.
    pub spki: Option<Vec<u8>>,
    /// The key check value of an AES key.
    pub kcv: Option<[u8; 3]>,
    /// What crossed the host when it came, last.
    pub exposure: HostExposure,
}

impl Material {
    /// Whether it can be used at `now`.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.presence == MaterialPresence::Imported && !self.expiration.is_over(now)
    }
}

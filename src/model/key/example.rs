//! A key and a material for the tests of what happens to them.

use super::super::{
    Account, Expiration, HostExposure, KeyId, KeyMaterialId, KeySpec, KeyUsage, Material, MaterialPresence, ObjectId,
    Rotation, Timestamp,
};
use super::{Key, Origin};

/// When both were made.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_796_083_200_000);

impl Key {
    /// A symmetric key that waits for its material.
    pub(crate) fn example() -> Self {
        Self {
            id: KeyId::random(false),
            account: Account::parse("111122223333").unwrap(),
            spec: KeySpec::SymmetricDefault,
            usage: KeyUsage::EncryptDecrypt,
            origin: Origin::External,
            description: String::new(),
            tags: Default::default(),
            policy: None,
            enabled: true,
            created_at: NOW,
            deletion: None,
            token: "f00d".to_owned(),
            materials: Vec::new(),
            relations: None,
            version: 0,
        }
    }
}

impl Material {
    /// A material that is current, in an object of its own, and does not end; its id is this byte, over and over.
    pub(crate) fn example(byte: u8) -> Self {
        Self {
            id: KeyMaterialId([byte; 32]),
            object: ObjectId::random(),
            presence: MaterialPresence::Imported,
            rotation: Rotation::Current,
            rotated_at: None,
            description: String::new(),
            expiration: Expiration::Never,
            imported_at: NOW,
            spki: None,
            kcv: None,
            exposure: HostExposure::Token,
        }
    }
}

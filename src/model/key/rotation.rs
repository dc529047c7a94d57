//! Rotation: new material takes its turn, and what was current stays for what was encrypted under it.

use super::super::{KeyMaterialId, Material, Rotation, Timestamp};
use super::{Key, KeyState, Origin, Refused};

/// The most rotations of a key (KMS Developer Guide, "Quotas").
const MOST_ROTATIONS: usize = 25;

/// Which material has given way to which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What was current.
    pub previous: Option<KeyMaterialId>,
    /// What is.
    pub current: KeyMaterialId,
}

impl Key {
    /// Checks that it is of the kind that has several materials.
    ///
    /// # Errors
    /// Where it is not a symmetric encryption key.
    pub fn require_several_materials(&self) -> Result<(), Refused> {
        if self.spec.is_symmetric_encryption() { Ok(()) } else { Err(Refused::NotRotatable) }
    }

    /// Checks that it may rotate, in the reference's order: its being disabled comes before its kind.
    ///
    /// # Errors
    /// Where it is not usable, not of that kind, a replica, or has rotated as often as it may.
    pub fn require_rotatable(&self, now: Timestamp) -> Result<(), Refused> {
        let state = self.condition(now);
        if state == KeyState::Disabled {
            return Err(Refused::Disabled);
        }
        self.require_several_materials()?;
        match state {
            KeyState::PendingImport => return Err(Refused::PendingImport),
            _ => self.require_not_pending_deletion()?,
        }
        self.require_not_updating()?;
        if self.is_replica() {
            return Err(Refused::NotPrimary);
        }
        if self.rotations().count() >= MOST_ROTATIONS { Err(Refused::RotationsSpent) } else { Ok(()) }
    }

    /// Has the imported material that waits take its turn.
    ///
    /// # Errors
    /// Where it may not rotate, its material is made in the token, or none waits.
    pub fn rotate(&mut self, now: Timestamp) -> Result<Turn, Refused> {
        self.require_rotatable(now)?;
        self.require_external()?;
        let waits = |material: &&Material| material.rotation == Rotation::PendingRotation && material.is_usable(now);
        let next = self.materials.iter().find(waits).map(|material| material.id).ok_or(Refused::NoneToRotateTo)?;
        Ok(self.turn_to(next, now))
    }

    /// Has material that the token made take its turn at once. `made` has the facts of the new object.
    ///
    /// # Errors
    /// Where it may not rotate, or its material is imported.
    pub fn rotate_to(&mut self, made: Material, now: Timestamp) -> Result<Turn, Refused> {
        self.require_rotatable(now)?;
        if self.origin != Origin::AwsKms {
            return Err(Refused::Origin(self.origin));
        }
        let next = made.id;
        self.materials.push(Material { rotation: Rotation::PendingRotation, ..made });
        Ok(self.turn_to(next, now))
    }

    /// The materials that have taken their turn: all but the first, and one that waits.
    pub fn rotations(&self) -> impl Iterator<Item = &Material> {
        self.materials.iter().filter(|material| material.rotated_at.is_some())
    }

    fn turn_to(&mut self, next: KeyMaterialId, now: Timestamp) -> Turn {
        let mut previous = None;
        for material in &mut self.materials {
            if material.id == next {
                material.rotation = Rotation::Current;
                material.rotated_at = Some(now);
            } else if material.rotation == Rotation::Current {
                material.rotation = Rotation::NonCurrent;
                previous = Some(material.id);
            }
        }
        Turn { previous, current: next }
    }
}

#[cfg(test)]
mod tests;

//! Whether a key may be used, and with which of its materials (KMS Developer Guide, "Key states").

use super::super::{KeyMaterialId, KeyUsage, Material, ObjectId, Timestamp};
use super::{Key, KeyState, Refused};

impl Key {
    /// Checks that it is for this. `operation` is what was asked for.
    ///
    /// # Errors
    /// Where it is for something else.
    pub fn require_usage(&self, usage: KeyUsage, operation: &'static str) -> Result<(), Refused> {
        if self.usage == usage { Ok(()) } else { Err(Refused::Usage { usage: self.usage, operation }) }
    }

    /// Checks that this algorithm goes with it.
    ///
    /// # Errors
    /// Where it is one of other keys.
    pub fn require_algorithm(&self, algorithm: &'static str) -> Result<(), Refused> {
        if self.spec.algorithms(self.usage).contains(&algorithm) {
            return Ok(());
        }
        Err(Refused::Algorithm { algorithm, spec: self.spec })
    }

    /// The material that it is used with at `now`: the current one.
    ///
    /// # Errors
    /// Where its state does not allow its use.
    pub fn use_now(&self, now: Timestamp) -> Result<&Material, Refused> {
        self.require_not_pending_deletion()?;
        match self.condition(now) {
            KeyState::Disabled => Err(Refused::Disabled),
            KeyState::Enabled => self.current().ok_or(Refused::PendingImport),
            _ => Err(Refused::PendingImport),
        }
    }

    /// The object that now is the material which `before` had in `object`: another one where it was imported again since.
    pub fn object_now(&self, before: &Self, object: ObjectId) -> Option<ObjectId> {
        let id = before.materials.iter().find(|material| material.object == object)?.id;
        let now = self.materials.iter().find(|material| material.id == id)?.object;
        (now != object).then_some(now)
    }

    /// The material of this id, current or not, for what was encrypted with it; `None` where it is none that ever encrypted.
    ///
    /// # Errors
    /// As [`Key::use_now`]: a key that lacks one of its materials is pending import, so what it has can be used.
    pub fn use_again(&self, id: &KeyMaterialId, now: Timestamp) -> Result<Option<&Material>, Refused> {
        self.use_now(now)?;
        Ok(self.associated().find(|material| material.id == *id))
    }
}

#[cfg(test)]
mod tests;

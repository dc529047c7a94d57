//! What changes a key. Each function checks, changes the record and says which token objects are of no more use.

use std::time::Duration;

use super::super::invalid::{self, Invalid};
use super::super::{Expiration, ImportType, KeyMaterialId, Material, MaterialPresence, ObjectId, Rotation, Timestamp};
use super::{Deletion, Key, KeyState, Origin, Refused};

/// The length of a day.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The fewest days between scheduling a deletion and carrying it out.
const LEAST_WINDOW: i32 = 7;
/// The most, and what is taken where none is given.
const MOST_WINDOW: i32 = 30;

/// Checks the days between scheduling a deletion and carrying it out: 7 to 30, 30 where none are given.
///
/// # Errors
/// Where there are fewer or more.
pub fn deletion_window(days: Option<i32>) -> Result<u32, Invalid> {
    Ok(invalid::within("pendingWindowInDays", days.unwrap_or(MOST_WINDOW), LEAST_WINDOW, MOST_WINDOW)?.unsigned_abs())
}

/// What an import wants to happen, before anyone knows which material it brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// As asked; `None` takes the reference's default.
    pub import_type: Option<ImportType>,
    /// The material that the caller says it brings back.
    pub material_id: Option<KeyMaterialId>,
    /// The caller's words for it; `None` keeps what was there.
    pub description: Option<String>,
    /// When the material is to end.
    pub expiration: Expiration,
}

impl Key {
    /// Checks that import operations apply to this key at all.
    ///
    /// # Errors
    /// Where its material is made in the token.
    pub fn require_external(&self) -> Result<(), Refused> {
        if self.origin == Origin::External { Ok(()) } else { Err(Refused::Origin(self.origin)) }
    }

    /// Checks that it is not waiting for its deletion.
    ///
    /// # Errors
    /// Where it is.
    pub fn require_not_pending_deletion(&self) -> Result<(), Refused> {
        match self.deletion {
            Some(Deletion { at: Some(_), .. }) => Err(Refused::PendingDeletion),
            Some(Deletion { at: None, .. }) => Err(Refused::PendingReplicaDeletion),
            None => Ok(()),
        }
    }

    /// Sets whether its owner wants it usable.
    ///
    /// # Errors
    /// While it is pending deletion or import, or another becomes the primary.
    pub fn set_enabled(&mut self, enabled: bool, now: Timestamp) -> Result<(), Refused> {
        self.require_not_pending_deletion()?;
        self.require_not_updating()?;
        if self.condition(now) == KeyState::PendingImport {
            return Err(Refused::PendingImport);
        }
        self.enabled = enabled;
        Ok(())
    }

    /// Sets its owner's words for it.
    ///
    /// # Errors
    /// While it is pending deletion.
    pub fn describe(&mut self, description: String) -> Result<(), Refused> {
        self.require_not_pending_deletion()?;
        self.description = description;
        Ok(())
    }

    /// Schedules its end, `window_in_days` days from `now`; of a primary key with replicas, so many days after the last is gone.
    ///
    /// # Errors
    /// Where it is pending deletion already, or another becomes the primary.
    pub fn schedule_deletion(&mut self, window_in_days: u32, now: Timestamp) -> Result<Deletion, Refused> {
        self.require_not_pending_deletion()?;
        self.require_not_updating()?;
        let at = (!self.has_replicas()).then(|| now.after(DAY * window_in_days));
        let deletion = Deletion { at, window_in_days };
        self.deletion = Some(deletion);
        Ok(deletion)
    }

    /// Takes a scheduled deletion back. The key is disabled afterwards, or pending import where material is missing.
    ///
    /// # Errors
    /// Where none is scheduled, or it is a replica that goes already.
    pub fn cancel_deletion(&mut self) -> Result<(), Refused> {
        if self.relations.as_deref().is_some_and(|relations| relations.is_leaving) {
            return Err(Refused::Leaving);
        }
        self.deletion.take().ok_or(Refused::NotPendingDeletion)?;
        self.enabled = false;
        Ok(())
    }

    /// Checks what can be checked of an import before the material is known.
    ///
    /// # Errors
    /// Where the key's origin, state or spec does not go with what was asked.
    pub fn expect(&self, arrival: &Arrival) -> Result<(), Refused> {
        self.require_external()?;
        self.require_not_pending_deletion()?;
        if !self.spec.is_symmetric_encryption() {
            let given = [
                ("ImportType", arrival.import_type.is_some()),
                ("KeyMaterialDescription", arrival.description.is_some()),
                ("KeyMaterialId", arrival.material_id.is_some()),
            ];
            if let Some((field, _)) = given.into_iter().find(|(_, given)| *given) {
                return Err(Refused::SymmetricOnly(field, self.spec));
            }
        }
        if self.import_type(arrival) == ImportType::New {
            if self.is_replica() {
                return Err(Refused::NewInReplica);
            }
            self.require_not_updating()?;
        }
        if arrival.material_id.is_some() && self.import_type(arrival) == ImportType::New {
            return Err(Invalid::new(
                "keyMaterialId",
                "A keyMaterialId cannot be set if the ImportType is NEW_KEY_MATERIAL",
            )
            .into());
        }
        Ok(())
    }

    fn import_type(&self, arrival: &Arrival) -> ImportType {
        let default = if self.materials.is_empty() { ImportType::New } else { ImportType::Existing };
        arrival.import_type.unwrap_or(default)
    }

    /// Checks that the material which came is one that this import may bring: the same-material rule.
    ///
    /// # Errors
    /// Where it is not.
    pub fn recognise(&self, arrival: &Arrival, came: &KeyMaterialId, now: Timestamp) -> Result<(), Refused> {
        let known = self.known_materials(now).any(|material| material.id == *came);
        if arrival.material_id.is_some_and(|expected| expected != *came) {
            return Err(Refused::IncorrectMaterial);
        }
        match self.import_type(arrival) {
            ImportType::Existing if known => Ok(()),
            ImportType::New if self.materials.is_empty() => Ok(()),
            ImportType::New if !known && self.spec.is_symmetric_encryption() => {
                let pending = self.known_materials(now).find(|material| material.rotation.is_pending());
                pending.map_or(Ok(()), |pending| Err(Refused::PendingRotation { new: *came, pending: pending.id }))
            }
            ImportType::Existing | ImportType::New => Err(Refused::IncorrectMaterial),
        }
    }

    /// Puts imported material into the record. `came` has the facts of the new object; its description, place and expiry are settled here.
    ///
    /// # Errors
    /// Where the key expects another material, or none just now.
    pub fn accept(&mut self, arrival: Arrival, came: Material, now: Timestamp) -> Result<Vec<ObjectId>, Refused> {
        self.expect(&arrival)?;
        self.recognise(&arrival, &came.id, now)?;
        let was_pending_import = self.condition(now) == KeyState::PendingImport;
        let first = self.materials.is_empty();
        let Arrival { description, expiration, .. } = arrival;
        let mut doomed = Vec::new();
        if let Some(known) = self.find(&came.id) {
            if known.presence == MaterialPresence::Imported {
                doomed.push(known.object);
            }
            let (rotation, rotated_at) = (known.rotation, known.rotated_at);
            let description = description.unwrap_or_else(|| std::mem::take(&mut known.description));
            *known = Material { rotation, rotated_at, description, expiration, ..came };
        } else {
            let rotation = if first { Rotation::Current } else { Rotation::PendingRotation };
            self.materials.push(Material { rotation, description: description.unwrap_or_default(), expiration, ..came });
        }
        if was_pending_import {
            self.enabled = true;
        }
        Ok(doomed)
    }

    /// Takes imported material out of the record: the current one, or the one that is named.
    ///
    /// # Errors
    /// Where its material is made in the token, the named one is not this key's, or another becomes the primary.
    pub fn delete_material(&mut self, id: Option<KeyMaterialId>) -> Result<(Option<KeyMaterialId>, Vec<ObjectId>), Refused> {
        self.require_external()?;
        self.require_not_updating()?;
        if id.is_some() && !self.spec.is_symmetric_encryption() {
            return Err(Refused::SymmetricOnly("KeyMaterialId", self.spec));
        }
        let Some(id) = id.or_else(|| self.current().map(|material| material.id)) else { return Ok((None, Vec::new())) };
        let Some(material) = self.find(&id) else { return Err(Refused::NoSuchMaterial(id)) };
        let (rotation, object) = (material.rotation, material.object);
        let doomed = match std::mem::replace(&mut material.presence, MaterialPresence::Deleted) {
            MaterialPresence::Imported => vec![object],
            gone @ (MaterialPresence::Expired | MaterialPresence::Deleted | MaterialPresence::Awaited) => {
                material.presence = gone;
                Vec::new()
            }
        };
        if rotation.is_pending() && !self.is_replica() {
            self.materials.retain(|material| material.id != id);
        }
        Ok((Some(id), doomed))
    }

    /// Takes material out of the record whose time is over. One that waited for its rotation is forgotten, as on deletion.
    pub fn expire_material(&mut self, now: Timestamp) -> Vec<ObjectId> {
        let mut doomed = Vec::new();
        for material in &mut self.materials {
            if material.presence == MaterialPresence::Imported && material.expiration.is_over(now) {
                material.presence = MaterialPresence::Expired;
                doomed.push(material.object);
            }
        }
        let forgotten: Vec<_> =
            self.materials.iter().filter(|one| self.is_forgotten(one, now)).map(|material| material.id).collect();
        self.materials.retain(|material| !forgotten.contains(&material.id));
        doomed
    }

    /// The public half of its current material, DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// Where it has none, or its state does not allow its use.
    pub fn public_key(&self, now: Timestamp) -> Result<&[u8], Refused> {
        if self.spec.material().is_none_or(|material| material.secret_bytes().is_some()) {
            return Err(Refused::NoPublicKey(self.spec));
        }
        self.use_now(now)?.spki.as_deref().ok_or(Refused::PendingImport)
    }
}

#[cfg(test)]
mod tests;

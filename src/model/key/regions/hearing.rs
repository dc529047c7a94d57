//! What a key is told by those it is related to.

use super::super::super::{
    Expiration, HostExposure, Invalid, KeyMaterialId, Material, MaterialPresence, ObjectId, Rotation, Timestamp,
};
use super::super::transitions::DAY;
use super::super::{Key, Refused, Relations, Relative, Report, Role, Shared, SharedMaterial, Sibling};

impl Key {
    /// Takes what the primary says. What it has had before changes nothing. `own` is this Region.
    ///
    /// # Errors
    /// Where it is not from the primary that this key knows, or it is to become the primary and goes already. Whether it could become
    /// that is what was asked before; by now the other has given its place away.
    pub fn hear_primary(
        &mut self,
        own: &str,
        from: &str,
        shared: &Shared,
        now: Timestamp,
    ) -> Result<Vec<ObjectId>, Refused> {
        shared.check(from, own)?;
        let Some(relations) = self.relations.as_deref() else { return Err(Refused::Unrelated) };
        if (self.spec, self.usage, self.origin) != (shared.spec, shared.usage, shared.origin) {
            return Err(Refused::Unrelated);
        }
        if !shared.is_to(own, relations.born) {
            // Of the one that comes after this.
            return Err(if relations.is_leaving { Refused::Leaving } else { Refused::Unrelated });
        }
        if shared.generation <= relations.generation {
            return Ok(Vec::new());
        }
        match &relations.role {
            Role::Replica { primary } if primary == from => {}
            Role::Replica { .. } | Role::Primary => return Err(Refused::NotItsPrimary(from.to_owned())),
        }
        if shared.primary == own && relations.is_leaving {
            return Err(Refused::Leaving);
        }
        // What something was encrypted with stays, whoever says that it never was.
        let stays = |id| shared.materials.iter().any(|material| material.id == id && !material.rotation.is_pending());
        if !self.associated().all(|material| stays(material.id)) {
            return Err(
                Invalid::new("shared", "a material that is associated with the key is not among those it is told").into()
            );
        }
        Ok(self.follow(own, shared, now))
    }

    pub(super) fn follow(&mut self, own: &str, shared: &Shared, now: Timestamp) -> Vec<ObjectId> {
        let mut known = std::mem::take(&mut self.materials);
        for SharedMaterial { id, rotation, rotated_at } in shared.materials.iter().cloned() {
            let there = known.iter().position(|material| material.id == id).map(|place| known.remove(place));
            let material = there.unwrap_or_else(|| awaited(id, now));
            self.materials.push(Material { rotation, rotated_at, ..material });
        }
        if let Some(relations) = &mut self.relations {
            let before = std::mem::take(&mut relations.others);
            let owed = |of: &Sibling| {
                let known = before.iter().find(|other| (&other.region, other.born) == (&of.region, of.born));
                known.and_then(|other| other.owed_primary)
            };
            let others = shared.siblings.iter().filter(|sibling| sibling.region != own);
            relations.others =
                others.map(|other| Relative { owed_primary: owed(other), ..Relative::at(other.clone()) }).collect();
            relations.generation = shared.generation;
            if shared.primary == own {
                relations.role = Role::Primary;
                relations.owes_report = None;
                // Its own waiting period begins when the others are gone.
                self.deletion.iter_mut().for_each(|deletion| deletion.at = None);
                relations.generation = Relations::next_primary(shared.generation);
            } else {
                let role = Role::Replica { primary: shared.primary.clone() };
                if relations.role != role {
                    relations.owes_report = Some(self.version + 1);
                }
                relations.role = role;
            }
        }
        known.iter().filter(|material| material.presence == MaterialPresence::Imported).map(|gone| gone.object).collect()
    }

    /// Takes what a replica says of itself.
    ///
    /// # Errors
    /// Where this is not its primary, or hands its place to another while that one goes.
    pub fn hear_replica(&mut self, from: &str, report: &Report, now: Timestamp) -> Result<(), Refused> {
        let is_primary = !self.is_replica();
        let Some(relations) = &mut self.relations else { return Err(Refused::Unrelated) };
        let is_known = relations.other(from).is_some_and(|other| other.born == report.born);
        if report.is_leaving && !is_known {
            // One that is gone already may say so again.
            return Ok(());
        }
        if !is_primary {
            return Err(Refused::NotItsPrimary(from.to_owned()));
        }
        // What the next primary was told of stays, or it would count for ever on one that is gone.
        let stays = relations.handing_over.as_ref().is_some_and(|handing_over| handing_over.to != from);
        if report.is_leaving && stays {
            return Err(Refused::Updating);
        }
        let Some(other) = relations.other(from).filter(|_| is_known) else { return Err(Refused::Unrelated) };
        if other.heard.is_none_or(|heard| heard < report.version) {
            other.heard = Some(report.version);
            other.materials.clone_from(&report.materials);
        }
        if report.is_leaving {
            relations.others.retain(|other| other.region != from);
            relations.handing_over.take_if(|handing_over| handing_over.to == from);
            if let Some(deletion) = self.deletion.as_mut().filter(|_| relations.others.is_empty()) {
                deletion.at = deletion.at.or(Some(now.after(DAY * deletion.window_in_days)));
            }
        }
        Ok(())
    }
}

/// A material that the primary has, and that was never here.
fn awaited(id: KeyMaterialId, now: Timestamp) -> Material {
    Material {
        id,
        object: ObjectId::random(),
        presence: MaterialPresence::Awaited,
        rotation: Rotation::Current,
        rotated_at: None,
        description: String::new(),
        expiration: Expiration::Never,
        imported_at: now,
        spki: None,
        kcv: None,
        exposure: HostExposure::Token,
    }
}

//! What a key has still to tell those it is related to.

use super::super::super::{Material, MaterialPresence, Rotation, Timestamp};
use super::super::{Debt, HandingOver, Key, Relations, Relative, Report, Role, Shared, SharedMaterial, Sibling, Told};

impl Key {
    /// What it has still to tell, and whom. `own` is this Region.
    pub fn debts(&self, own: &str) -> Vec<Debt> {
        let Some(relations) = self.relations.as_deref() else { return Vec::new() };
        let shared = |other: &Relative| Debt {
            to: other.region.clone(),
            told: Told::Shared(Box::new(self.shared_with(relations, other, own))),
        };
        match (&relations.role, &relations.handing_over) {
            // The others are told when it is settled who the primary is.
            (Role::Primary, Some(HandingOver { to, .. })) => {
                relations.others.iter().filter(|other| other.region == *to).map(shared).collect()
            }
            (Role::Primary, None) => {
                relations.others.iter().filter(|other| other.told < relations.generation).map(shared).collect()
            }
            (Role::Replica { primary }, _) => {
                let report = || Debt { to: primary.clone(), told: Told::Report(self.report(relations)) };
                let owed = relations.others.iter().filter(|other| other.owed_primary.is_some()).map(shared);
                owed.chain(relations.owes_report.map(|_| report())).collect()
            }
        }
    }

    /// What it says of itself to its primary; `None` of a key without relations.
    pub fn own_report(&self) -> Option<Report> {
        self.relations.as_deref().map(|relations| self.report(relations))
    }

    fn report(&self, relations: &Relations) -> Report {
        let there = self.materials.iter().filter(|material| material.presence == MaterialPresence::Imported);
        Report {
            born: relations.born,
            version: self.version,
            materials: there.map(|material| material.id).collect(),
            is_leaving: relations.is_leaving,
        }
    }

    fn shared_with(&self, relations: &Relations, other: &Relative, own: &str) -> Shared {
        let sibling = |other: &Relative| Sibling { region: other.region.clone(), born: other.born };
        let becomes_primary = relations.handing_over.as_ref().filter(|handing_over| handing_over.to == other.region);
        let primary = match (&relations.role, becomes_primary) {
            (Role::Replica { primary }, _) => primary.as_str(),
            (Role::Primary, Some(next)) => &next.to,
            (Role::Primary, None) => own,
        };
        let own_sibling = Sibling { region: own.to_owned(), born: relations.born };
        Shared {
            generation: relations.generation,
            primary: primary.to_owned(),
            siblings: relations.others.iter().map(sibling).chain([own_sibling]).collect(),
            spec: self.spec,
            usage: self.usage,
            origin: self.origin,
            materials: self.shared_materials(),
            birth: other.birth.clone(),
            requester: becomes_primary.map(|next| next.requester.clone()),
        }
    }

    fn shared_materials(&self) -> Vec<SharedMaterial> {
        let shared = |Material { id, rotation, rotated_at, .. }: &Material| SharedMaterial {
            id: *id,
            rotation: *rotation,
            rotated_at: *rotated_at,
        };
        self.materials.iter().map(shared).collect()
    }

    /// A Region has acknowledged what it was told, and says what it has. It may come late: what has changed since counts as not told.
    pub fn shared_was_heard(&mut self, by: &str, shared: &Shared, report: &Report, now: Timestamp) {
        let version = self.version;
        let Some(relations) = &mut self.relations else { return };
        let (role, generation) = (relations.role.clone(), relations.generation);
        let Some(other) = relations.other(by).filter(|other| shared.is_to(by, other.born)) else { return };
        other.told = other.told.max(shared.generation);
        other.birth = None;
        if let Role::Replica { primary } = role {
            other.owed_primary.take_if(|since| *since <= shared.generation && shared.primary == primary);
            return;
        }
        // And not when this key was the primary before, and handed its place to the same.
        let is_of_this_time = shared.generation >> 32 == generation >> 32;
        let took = |next: &mut HandingOver| next.to == by && shared.primary == by && is_of_this_time;
        let has_taken_over = relations.handing_over.take_if(took).is_some();
        if has_taken_over {
            relations.role = Role::Replica { primary: by.to_owned() };
            relations.owes_report = Some(version + 1);
            let others = relations.others.iter_mut().filter(|other| other.region != by);
            others.for_each(|other| other.owed_primary = Some(generation));
            return;
        }
        // It cannot fail: it is a primary, and knows whom it told.
        let _heard = self.hear_replica(by, report, now);
    }

    /// A Region has no key of this kind any more: it need not hear from the former primary who the next is.
    pub fn is_gone(&mut self, region: &str) {
        if let Some(relations) = self.relations.as_mut().filter(|relations| relations.role != Role::Primary) {
            relations.other(region).into_iter().for_each(|other| other.owed_primary = None);
        }
    }

    /// Whether nobody else has to hear that it leaves, now that this Region has heard it say so.
    pub fn may_go(&self, own: &str, heard_by: &str, said: &Report) -> bool {
        let leaves = |relations: &Relations| relations.is_leaving && relations.born == said.born;
        let is_leaving = self.relations.as_deref().is_some_and(leaves);
        is_leaving && self.debts(own).iter().all(|debt| matches!(debt.told, Told::Report(_)) && debt.to == heard_by)
    }

    /// The primary has acknowledged this report.
    pub fn report_was_heard(&mut self, report: &Report) {
        if let Some(relations) = self.relations.as_mut().filter(|relations| relations.born == report.born) {
            relations.owes_report.take_if(|version| *version <= report.version);
        }
    }

    /// Notes what others have to hear of what has changed since `before`. To be called before each record of a change.
    pub fn note_relations(&mut self, before: &Self, now: Timestamp) {
        if self.is_replica() {
            let reports = (self.own_report(), before.own_report());
            if let ((Some(report), Some(said)), Some(relations)) = (reports, &mut self.relations)
                && !report.says_the_same(&said)
            {
                relations.owes_report = Some(before.version + 1);
            }
            return;
        }
        // What a replica kept for its primary, it forgets where it is the primary itself.
        let is_gone = |presence| matches!(presence, MaterialPresence::Deleted | MaterialPresence::Expired);
        self.materials.retain(|material| !(material.rotation.is_pending() && is_gone(material.presence)));
        self.settle_pending(now);
        let changed = !self.says_the_same(before);
        if let Some(relations) = self.relations.as_mut().filter(|_| changed) {
            // What became primary by what it heard has a generation for that already.
            relations.generation = relations.generation.max(before.generation() + 1);
        }
    }

    /// What it has heard last, or said.
    pub fn generation(&self) -> u64 {
        self.relations.as_deref().map_or(0, |relations| relations.generation)
    }

    /// Whether the others are told the same of both, but for its number.
    fn says_the_same(&self, other: &Self) -> bool {
        let relations = |key: &Self| key.relations.clone().map(|relations| *relations);
        let handing_over = |key: &Self| relations(key).and_then(|relations| relations.handing_over);
        let siblings = |key: &Self| {
            let others = relations(key).into_iter().flat_map(|relations| relations.others);
            others.map(|other| (other.region, other.born, other.birth)).collect::<Vec<_>>()
        };
        self.shared_materials() == other.shared_materials()
            && siblings(self) == siblings(other)
            && handing_over(self) == handing_over(other)
    }

    /// New material may take its turn when it is in every Region.
    fn settle_pending(&mut self, now: Timestamp) {
        let others = self.relations.as_deref().map_or(&[][..], |relations| &relations.others);
        let everywhere: Vec<_> = self
            .materials
            .iter()
            .map(|material| {
                others.is_empty()
                    || material.is_usable(now) && others.iter().all(|other| other.materials.contains(&material.id))
            })
            .collect();
        for (material, everywhere) in self.materials.iter_mut().zip(everywhere) {
            if material.rotation.is_pending() {
                let waits =
                    if everywhere { Rotation::PendingRotation } else { Rotation::PendingMultiRegionImportAndRotation };
                material.rotation = waits;
            }
        }
    }
}

impl Report {
    fn says_the_same(&self, other: &Self) -> bool {
        (self.born, &self.materials, self.is_leaving) == (other.born, &other.materials, other.is_leaving)
    }
}

//! What becomes of related multi-Region keys: replicas are made, told, heard and gone, and another becomes the primary.

mod hearing;
mod telling;

use super::super::{Account, KeyId, MaterialPresence, ObjectId, Timestamp};
use super::{Birth, HandingOver, Key, KeyState, Refused, Relations, Relative, Role, Shared, Sibling};

/// A multi-Region key among those it is related to, as DescribeKey shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Whether it is the primary.
    pub is_primary: bool,
    /// The Region of the primary.
    pub primary: String,
    /// The Regions of the replicas, this one's too where it is one.
    pub replicas: Vec<String>,
}

/// A replica that is to be made, as its primary tells it.
#[derive(Debug)]
pub struct Replica<'a> {
    /// The key's id.
    pub id: KeyId,
    /// Whose it is.
    pub account: Account,
    /// The Region that it is to be in.
    pub own: &'a str,
    /// What its primary says.
    pub shared: &'a Shared,
    /// What it begins with.
    pub birth: Birth,
    /// The serial number of the token that its material is to be in.
    pub token: String,
}

impl Key {
    /// A replica that waits for its material.
    ///
    /// # Errors
    /// Where what the primary says has no place for this Region.
    pub fn replica(
        Replica { id, account, own, shared, birth, token }: Replica<'_>,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        if shared.primary == own {
            return Err(Refused::Unrelated);
        }
        let born = shared.siblings.iter().find(|sibling| sibling.region == own).map(|sibling| sibling.born);
        let relations = Relations {
            role: Role::Replica { primary: shared.primary.clone() },
            born: born.ok_or(Refused::Unrelated)?,
            ..Relations::alone()
        };
        let mut key = Self {
            id,
            account,
            spec: shared.spec,
            usage: shared.usage,
            origin: shared.origin,
            description: birth.description,
            tags: birth.tags,
            policy: birth.policy,
            enabled: true,
            created_at: now,
            deletion: None,
            token,
            materials: Vec::new(),
            relations: Some(Box::new(relations)),
            version: 0,
        };
        key.follow(own, shared, now);
        Ok(key)
    }

    /// Whether another Region has its primary key.
    pub fn is_replica(&self) -> bool {
        matches!(self.relations.as_deref(), Some(Relations { role: Role::Replica { .. }, .. }))
    }

    /// Whether there are keys in other Regions that it is the primary of.
    pub fn has_replicas(&self) -> bool {
        !self.is_replica() && self.relations.as_deref().is_some_and(|relations| !relations.others.is_empty())
    }

    /// Those it is related to; `None` where it is no multi-Region key. `own` is this Region.
    pub fn family(&self, own: &str) -> Option<Family> {
        if !self.id.is_multi_region() {
            return None;
        }
        let others = self.relations.iter().flat_map(|relations| &relations.others).map(|other| other.region.as_str());
        let primary = match self.relations.as_deref().map(|relations| &relations.role) {
            Some(Role::Replica { primary }) => primary.as_str(),
            Some(Role::Primary) | None => own,
        };
        let mut replicas: Vec<_> = others.chain([own]).filter(|region| *region != primary).map(str::to_owned).collect();
        replicas.sort_unstable();
        Some(Family { is_primary: primary == own, primary: primary.to_owned(), replicas })
    }

    /// Checks that it is the primary of related keys, or may become it by being replicated.
    ///
    /// # Errors
    /// Where it is a replica, or no multi-Region key.
    pub fn require_primary(&self) -> Result<(), Refused> {
        if self.id.is_multi_region() && !self.is_replica() { Ok(()) } else { Err(Refused::NotPrimary) }
    }

    /// Plans a replica in another Region, or anew one that is not there yet.
    ///
    /// # Errors
    /// Where it is not the primary, its material is made in the token, its state does not allow it, or that Region has one.
    pub fn replicate(&mut self, region: &str, birth: Birth, now: Timestamp) -> Result<(), Refused> {
        self.require_primary()?;
        self.require_external()?;
        self.require_not_updating()?;
        self.use_now(now)?;
        let relations = self.relations.get_or_insert_with(|| Box::new(Relations::alone()));
        match relations.other(region) {
            // Not there yet: whoever asks now may be let where the first was not.
            Some(Relative { birth: Some(planned), .. }) => {
                *planned = birth;
                return Ok(());
            }
            Some(_) => return Err(Refused::Replicated(region.to_owned())),
            None => {}
        }
        let sibling = Sibling { region: region.to_owned(), born: relations.generation + 1 };
        relations.others.push(Relative { birth: Some(birth), ..Relative::at(sibling) });
        Ok(())
    }

    /// Begins to hand its place to the replica in another Region, or goes on with it.
    ///
    /// # Errors
    /// Where it is not the primary, its state does not allow it, that Region has no replica, or one is just being made.
    pub fn hand_over(&mut self, region: &str, requester: &str, now: Timestamp) -> Result<(), Refused> {
        self.require_primary()?;
        self.use_now(now)?;
        let Some(relations) = &mut self.relations else { return Err(Refused::NoReplica(region.to_owned())) };
        match &mut relations.handing_over {
            // Whoever asks now may be let where the first was not.
            Some(begun) if begun.to == region => {
                requester.clone_into(&mut begun.requester);
                return Ok(());
            }
            Some(_) => return Err(Refused::Updating),
            None => {}
        }
        if relations.other(region).is_none() {
            return Err(Refused::NoReplica(region.to_owned()));
        }
        // Nobody but who planned a replica knows what it is to begin with.
        if relations.others.iter().any(|other| other.birth.is_some()) {
            return Err(Refused::Creating);
        }
        relations.handing_over = Some(HandingOver { to: region.to_owned(), requester: requester.to_owned() });
        Ok(())
    }

    /// Checks that the primary's place is not just being handed over.
    ///
    /// # Errors
    /// Where it is.
    pub fn require_not_updating(&self) -> Result<(), Refused> {
        if self.is_updating() { Err(Refused::Updating) } else { Ok(()) }
    }

    pub(super) fn is_updating(&self) -> bool {
        self.relations.as_deref().is_some_and(|relations| relations.handing_over.is_some())
    }

    /// Begins to leave where it is a replica whose waiting period is over: its material goes at once, its record when the primary
    /// knows. Whether it does.
    pub fn leave(&mut self) -> (bool, Vec<ObjectId>) {
        if !self.is_replica() {
            return (false, Vec::new());
        }
        let mut doomed = Vec::new();
        for material in self.materials.iter_mut().filter(|material| material.presence == MaterialPresence::Imported) {
            material.presence = MaterialPresence::Deleted;
            doomed.push(material.object);
        }
        if let Some(relations) = &mut self.relations {
            relations.is_leaving = true;
        }
        (true, doomed)
    }
}

impl KeyState {
    /// Whether its waiting period runs, or will when its replicas are gone.
    pub fn is_pending_deletion(self) -> bool {
        matches!(self, Self::PendingDeletion | Self::PendingReplicaDeletion)
    }
}

#[cfg(test)]
mod tests;

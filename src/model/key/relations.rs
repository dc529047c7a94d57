//! What a multi-Region key knows of the keys that it is related to: the same key id and material in other Regions, one of them the
//! primary (KMS Developer Guide, "Multi-Region keys").
//!
//! The primary says what all share, and counts what it has changed of that. A replica believes its primary and nobody else, and
//! reports to it what it has. Each keeps in its record what it still has to tell, until that is acknowledged: so a Region that is
//! away learns everything when it comes back, and to tell a thing twice does no harm.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::{Account, Invalid, KeyId, KeyMaterialId, KeySpec, KeyUsage, Rotation, Tags, Timestamp};
use super::Origin;

/// What a key knows of those it is related to. Kept in the record as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relations {
    /// Whether it is the primary.
    pub role: Role,
    /// Counts what all share: in its upper 32 bits the primaries, in its lower ones what each of them has changed. So what a primary
    /// changes while it hands over is never taken for what the next one says.
    pub generation: u64,
    /// The generation in which it came to be: tells it from an earlier key of the same id in the same Region.
    pub born: u64,
    /// The related keys in other Regions.
    pub others: Vec<Relative>,
    /// The primary only: whom it hands its place to.
    pub handing_over: Option<HandingOver>,
    /// A replica only: what its primary has still to hear, by the version of its record that has it.
    pub owes_report: Option<i64>,
    /// A replica only: its waiting period is over and its material gone; it goes when its primary knows.
    pub is_leaving: bool,
}

/// Which of the related keys it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The one that says what all share.
    Primary,
    /// Another.
    Replica {
        /// The Region of the primary.
        primary: String,
    },
}

/// A related key in another Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relative {
    /// Where it is.
    pub region: String,
    /// As [`Relations::born`].
    pub born: u64,
    /// The last generation that it has acknowledged to this key.
    pub told: u64,
    /// The version of its record in its last report.
    pub heard: Option<i64>,
    /// The materials that it has.
    pub materials: Vec<KeyMaterialId>,
    /// What it is to begin with, until it is there.
    pub birth: Option<Birth>,
    /// What this key, which was the primary, still has to tell it: that another is, since this generation.
    pub owed_primary: Option<u64>,
}

/// What a replica begins with, and does not share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    /// The owner's words for it.
    pub description: String,
    /// The owner's tags.
    pub tags: Tags,
    /// The policy document to keep with it.
    pub policy: Option<String>,
    /// Who asked for it: the replica's Region has to let them make keys.
    pub requester: String,
}

/// A place that is being handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandingOver {
    /// To the replica in this Region.
    pub to: String,
    /// Who asked for it: that Region too has to let them.
    pub requester: String,
}

/// What one Region tells another of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Whose the key is.
    pub account: Account,
    /// The id that all related keys have.
    pub key: KeyId,
    /// The Region that tells.
    pub from: String,
    /// What it tells.
    pub told: Told,
    /// Whether it only asks what would be said to it: nothing is to change.
    pub only_asks: bool,
}

/// The two things that are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// By the primary, or by the one that was it.
    Shared(Box<Shared>),
    /// By a replica, to its primary.
    Report(Report),
}

/// What all related keys share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Counts its changes.
    pub generation: u64,
    /// The Region of the primary.
    pub primary: String,
    /// All of them.
    pub siblings: Vec<Sibling>,
    /// The kind of the key.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// In the order in which they were added.
    pub materials: Vec<SharedMaterial>,
    /// Present where the one that is told has to be made first.
    pub birth: Option<Birth>,
    /// Who asked for another primary; present where the one that is told is to become it.
    pub requester: Option<String>,
}

/// One of the related keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling {
    /// Where it is.
    pub region: String,
    /// As [`Relations::born`].
    pub born: u64,
}

/// What the related keys share of a material: not whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedMaterial {
    /// Which material it is.
    pub id: KeyMaterialId,
    /// Its place among those of the key.
    pub rotation: Rotation,
    /// When it took its turn.
    pub rotated_at: Option<Timestamp>,
}

/// What a replica says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// As [`Relations::born`].
    pub born: u64,
    /// The version of its record: an older report does not undo a newer one.
    pub version: i64,
    /// The materials that it has.
    pub materials: Vec<KeyMaterialId>,
    /// Whether it goes now.
    pub is_leaving: bool,
}

/// Something that a key still has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debt {
    /// The Region that has to hear it.
    pub to: String,
    /// What.
    pub told: Told,
}

/// The most materials of a key: the first, those of its rotations, and one that waits.
const MOST_MATERIALS: usize = 27;

/// No primary has been followed by so many.
const MOST_PRIMARIES: u64 = 1 << 31;

impl Shared {
    /// Checks that a primary can have said it, `from` this Region to `own`: what a peer says is believed and not trusted.
    ///
    /// # Errors
    /// Where none can.
    pub fn check(&self, from: &str, own: &str) -> Result<(), Invalid> {
        let invalid = |why: &str| Err(Invalid::new("shared", format!("no primary key says so: {why}")));
        let regions: BTreeSet<&str> = self.siblings.iter().map(|sibling| sibling.region.as_str()).collect();
        if regions.len() != self.siblings.len() || ![from, own, &self.primary].iter().all(|region| regions.contains(region))
        {
            return invalid("the related keys are not each in a Region of its own, with these among them");
        }
        if self.birth.is_some() && self.primary != from {
            return invalid("a replica is made by its primary");
        }
        if self.origin != Origin::External {
            return invalid("material that was made in a token stays there");
        }
        let ids: BTreeSet<_> = self.materials.iter().map(|material| material.id).collect();
        let current = self.materials.iter().filter(|material| material.rotation == Rotation::Current).count();
        let waiting = self.materials.iter().filter(|material| material.rotation.is_pending()).count();
        if ids.len() != self.materials.len() || ids.len() > MOST_MATERIALS || current != 1 || waiting > 1 {
            return invalid("of a key's materials one is current, and at most one waits");
        }
        if self.generation >> 32 >= MOST_PRIMARIES {
            return invalid("the generation is beyond all counting");
        }
        Ok(())
    }

    /// Whether it was told to the key that was born then in this Region.
    pub(super) fn is_to(&self, region: &str, born: u64) -> bool {
        self.siblings.iter().any(|sibling| sibling.region == region && sibling.born == born)
    }
}

impl Relations {
    /// Of a primary that has no replicas.
    pub(super) fn alone() -> Self {
        Self {
            role: Role::Primary,
            generation: 0,
            born: 0,
            others: Vec::new(),
            handing_over: None,
            owes_report: None,
            is_leaving: false,
        }
    }

    /// The first generation of the primary after the one of this generation.
    pub(super) fn next_primary(generation: u64) -> u64 {
        ((generation >> 32) + 1) << 32
    }

    pub(super) fn other(&mut self, region: &str) -> Option<&mut Relative> {
        self.others.iter_mut().find(|other| other.region == region)
    }

    /// Whether there is anything that another Region still has to hear.
    pub fn owes(&self) -> bool {
        match &self.role {
            Role::Primary => self.handing_over.is_some() || self.others.iter().any(|other| other.told < self.generation),
            Role::Replica { .. } => {
                self.owes_report.is_some() || self.others.iter().any(|other| other.owed_primary.is_some())
            }
        }
    }
}

impl Relative {
    pub(super) fn at(Sibling { region, born }: Sibling) -> Self {
        Self { region, born, told: 0, heard: None, materials: Vec::new(), birth: None, owed_primary: None }
    }
}

//! The handles of the token's objects, by CKA_ID: what spares the request path every search.

use std::collections::{BTreeMap, HashSet};
use std::ffi::c_ulong;
use std::ops::Bound;

use cryptoki::object::ObjectHandle;

use crate::model::ObjectId;

/// Handles, and how often they were all forgotten: one that was found before that is not kept after it. They are forgotten when
/// a session or the login is lost, for then they all are.
#[derive(Debug, Default)]
pub(super) struct Handles {
    epoch: u64,
    /// Whether somebody logs in just now: what is not found meanwhile may be there.
    logging_in: bool,
    /// Whether all objects have been listed since the handles were last forgotten.
    listed: bool,
    by_id: BTreeMap<ObjectId, ObjectHandle>,
}

impl Handles {
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn get(&self, id: &ObjectId) -> Option<ObjectHandle> {
        self.by_id.get(id).copied()
    }

    /// The handle, and whether a missing one was missing in a listing too, unless it is younger.
    pub(super) fn look_up(&self, id: &ObjectId) -> (Option<ObjectHandle>, bool) {
        (self.get(id), self.listed)
    }

    pub(super) fn remember(&mut self, epoch: u64, id: &ObjectId, handle: ObjectHandle) {
        if self.epoch == epoch {
            self.by_id.insert(*id, handle);
        }
    }

    pub(super) fn remove(&mut self, id: &ObjectId) -> Option<ObjectHandle> {
        self.by_id.remove(id)
    }

    /// Says that everything that was there has been remembered.
    pub(super) fn listed(&mut self) {
        self.listed = true;
    }

    pub(super) fn is_listed(&self) -> bool {
        self.listed
    }

    /// Says that somebody begins to log in, or has ended it: all handles are others then.
    pub(super) fn logging_in(&mut self, now: bool) {
        self.forget();
        self.logging_in = now;
    }

    pub(super) fn is_logging_in(&self) -> bool {
        self.logging_in
    }

    pub(super) fn forget(&mut self) {
        self.epoch += 1;
        self.listed = false;
        self.by_id.clear();
    }

    /// All that are known but those of `others`, as PKCS#11 numbers them.
    pub(super) fn numbers_but(&self, others: &HashSet<&ObjectId>) -> HashSet<c_ulong> {
        self.by_id.iter().filter(|(id, _)| !others.contains(id)).map(|(_, handle)| handle.handle()).collect()
    }

    /// Up to `limit` ids, in order, from behind `after`.
    pub(super) fn known(&self, after: Option<ObjectId>, limit: usize) -> Vec<ObjectId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_id.range((from, Bound::Unbounded)).take(limit).map(|(id, _)| *id).collect()
    }
}

//! Objects that must be on the token and are not found: another process may have made them, and this one's module not see them until it
//! is initialised anew. SoftHSM 2.6.1 misses some, where two processes write at the same moment.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::ObjectId;

/// So many are taken note of; where there are more, another token was restored.
const MOST: usize = 1024;

/// Those of them that were missed, and whether they were looked for since the module was initialised anew.
#[derive(Debug, Default)]
pub(super) struct Unseen(Mutex<HashMap<ObjectId, bool>>);

impl Unseen {
    /// Takes note of one; whether it may be seen once the module is initialised anew.
    pub(super) fn note(&self, id: ObjectId) -> bool {
        let mut missed = self.missed();
        if missed.len() >= MOST && !missed.contains_key(&id) {
            return false;
        }
        !*missed.entry(id).or_default()
    }

    /// Whether any may be seen once the module is initialised anew.
    pub(super) fn may_be_seen(&self) -> bool {
        self.missed().values().any(|looked_for| !looked_for)
    }

    /// Says that the module was initialised anew: what is not found now is not there, until it is missed once more after another time.
    pub(super) fn look_afresh(&self) {
        self.missed().retain(|_, looked_for| !std::mem::replace(looked_for, true));
    }

    fn missed(&self) -> MutexGuard<'_, HashMap<ObjectId, bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_missed_is_looked_for_once_and_then_is_not_there() {
        let (unseen, [one, other]) = (Unseen::default(), [ObjectId([1; 16]), ObjectId([2; 16])]);
        assert!(!unseen.may_be_seen());
        assert!(unseen.note(one) && unseen.note(one) && unseen.may_be_seen());
        unseen.look_afresh();
        assert!(!unseen.note(one) && !unseen.may_be_seen());
        assert!(unseen.note(other) && unseen.may_be_seen());
        unseen.look_afresh();
        // By now it may have been made by somebody else.
        assert!(unseen.note(one) && !unseen.note(other));
    }

    #[test]
    fn no_more_are_noted_than_a_restored_token_may_lack() {
        let unseen = Unseen::default();
        let id = |number: usize| ObjectId(u128::try_from(number).unwrap().to_be_bytes());
        assert!((0..MOST).all(|number| unseen.note(id(number))));
        assert!(!unseen.note(id(MOST)) && unseen.note(id(0)));
    }
}

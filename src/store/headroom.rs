//! How many more sets a key and a principal may surely have, so that not every issue counts those that they have.
//!
//! Counting is linear in what is counted. Where one process alone writes the record, a count made once holds good: between two
//! counts, live sets become more by this process's issues only, which are counted down here, and otherwise fewer. So it is
//! counted again only when the headroom is used up, and a holder with few sets never waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{Account, Issue, KeyId};

/// Holders that are remembered; where there are more, all are counted anew.
const MOST: usize = 10_000;

/// Whose sets are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Key(KeyId),
    Principal(Account, String),
}

/// The headroom of each holder that was counted. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Headroom(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// `None` where the holder was met once: most keys have one set, and are never counted.
    of: HashMap<Holder, Option<u32>>,
    /// Issues that have begun, ever, and those that have ended.
    begun: u64,
    ended: u64,
}

/// An issue under way, which has ended when this is dropped.
#[derive(Debug)]
pub(super) struct Issuing {
    headroom: Headroom,
    /// Whether it is within the key's headroom, so that the key's sets need not be counted for it.
    pub(super) within_key: bool,
    /// Whether it is within the principal's.
    pub(super) within_principal: bool,
    /// Whether it is of use to count, for those to come.
    pub(super) is_to_be_counted: bool,
}

impl Drop for Issuing {
    fn drop(&mut self) {
        self.headroom.state().ended += 1;
    }
}

fn holders(issue: &Issue) -> [Holder; 2] {
    [Holder::Key(issue.key.clone()), Holder::Principal(issue.account.clone(), issue.principal.clone())]
}

impl Headroom {
    /// Begins an issue. Takes one from the key's headroom and one from the principal's, where they have one.
    pub(super) fn begin(&self, issue: &Issue) -> Issuing {
        let mut state = self.state();
        state.begun += 1;
        if state.of.len() > MOST {
            state.of.clear();
        }
        let [key, principal] = holders(issue);
        let is_new = !state.of.contains_key(&key);
        let (within_key, within_principal) = (state.take(key), state.take(principal));
        let is_to_be_counted = !within_principal || (!within_key && !is_new);
        Issuing { headroom: self.clone(), within_key, within_principal, is_to_be_counted }
    }

    /// Gives back what was taken for nothing.
    pub(super) fn give_back(&self, issue: &Issue, issuing: &Issuing) {
        let mut state = self.state();
        for (holder, taken) in holders(issue).into_iter().zip([issuing.within_key, issuing.within_principal]) {
            if taken && let Some(Some(room)) = state.of.get_mut(&holder) {
                *room += 1;
            }
        }
    }

    /// To be asked before a count, and told with what it found.
    pub(super) fn counting(&self) -> u64 {
        self.state().ended
    }

    /// Takes the room that a count found for the key and for the principal, less all issues that had not ended when it began:
    /// they may be in it or not, and may be anybody's.
    pub(super) fn counted(&self, issue: &Issue, rooms: [u32; 2], since: u64) {
        let mut state = self.state();
        let unseen = u32::try_from(state.begun - since).unwrap_or(u32::MAX);
        state.of.extend(holders(issue).into_iter().zip(rooms.map(|room| Some(room.saturating_sub(unseen)))));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, holder: Holder) -> bool {
        match self.of.entry(holder).or_default() {
            Some(room) if *room > 0 => {
                *room -= 1;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, UnwrapPath, WrappingAlgorithm};

    fn issue(key: &KeyId, principal: &str) -> Issue {
        Issue {
            key: key.clone(),
            account: Account::parse("111122223333").unwrap(),
            principal: principal.to_owned(),
            algorithm: WrappingAlgorithm::RsaesOaepSha1,
            path: UnwrapPath::Direct,
            issued_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn what_was_counted_is_used_up_and_no_more() {
        let headroom = Headroom::default();
        let (key, other) = (KeyId::random(false), KeyId::random(false));
        let within = |issue| {
            let issuing = headroom.begin(&issue);
            (issuing.within_key, issuing.within_principal)
        };
        assert_eq!(within(issue(&key, "a")), (false, false), "nothing was counted");
        headroom.counted(&issue(&key, "a"), [1, 4], headroom.counting());
        assert_eq!(within(issue(&key, "a")), (true, true));
        assert_eq!(within(issue(&key, "a")), (false, true), "the key's is used up");
        headroom.counted(&issue(&other, "a"), [9, 1], headroom.counting());
        let issuing = headroom.begin(&issue(&other, "a"));
        assert_eq!(within(issue(&other, "a")), (true, false), "the principal's is used up");
        headroom.give_back(&issue(&other, "a"), &issuing);
        assert_eq!(within(issue(&other, "a")), (true, true));
        assert_eq!(within(issue(&other, "b")), (true, false), "another's was not counted");
    }

    #[test]
    fn a_key_that_is_met_once_is_not_counted_and_a_principal_is() {
        let headroom = Headroom::default();
        let key = KeyId::random(false);
        assert!(headroom.begin(&issue(&key, "a")).is_to_be_counted, "the principal is new");
        headroom.counted(&issue(&key, "a"), [9, 9], headroom.counting());
        let other = KeyId::random(false);
        assert!(!headroom.begin(&issue(&other, "a")).is_to_be_counted);
        assert!(headroom.begin(&issue(&other, "a")).is_to_be_counted, "it recurs");
    }

    #[test]
    fn what_was_under_way_while_it_was_counted_is_not_room() {
        let headroom = Headroom::default();
        let (key, other) = (KeyId::random(false), KeyId::random(false));
        let before = headroom.begin(&issue(&other, "b"));
        let since = headroom.counting();
        let meanwhile = headroom.begin(&issue(&other, "b"));
        drop((before, meanwhile));
        headroom.counted(&issue(&key, "a"), [3, 3], since);
        assert!(headroom.begin(&issue(&key, "a")).within_key);
        assert!(!headroom.begin(&issue(&key, "a")).within_key, "two of the three may be in no count");
    }
}

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
    of: HashMap<Holder, u32>,
    /// Issues that have begun, ever, and those that have ended.
    begun: u64,
    ended: u64,
}

/// An issue under way, which has ended when this is dropped.
#[derive(Debug)]
pub(super) struct Issuing {
    headroom: Headroom,
    /// Whether it was within the headroom, so that nothing need be counted for it.
    pub(super) within: bool,
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
    /// Begins an issue. Takes one from the key's and from the principal's headroom, where both have one.
    pub(super) fn begin(&self, issue: &Issue) -> Issuing {
        let mut state = self.state();
        state.begun += 1;
        let holders = holders(issue);
        let within = holders.iter().all(|holder| state.of.get(holder).is_some_and(|room| *room > 0));
        if within {
            for holder in holders {
                state.of.entry(holder).and_modify(|room| *room -= 1);
            }
        }
        Issuing { headroom: self.clone(), within }
    }

    /// Gives one back to both, which was taken for nothing.
    pub(super) fn give_back(&self, issue: &Issue) {
        let mut state = self.state();
        for holder in holders(issue) {
            state.of.entry(holder).and_modify(|room| *room += 1);
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
        if state.of.len() > MOST {
            state.of.clear();
        }
        let unseen = u32::try_from(state.begun - since).unwrap_or(u32::MAX);
        state.of.extend(holders(issue).into_iter().zip(rooms.map(|room| room.saturating_sub(unseen))));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let within = |issue| headroom.begin(&issue).within;
        assert!(!within(issue(&key, "a")), "nothing was counted");
        headroom.counted(&issue(&key, "a"), [1, 3], headroom.counting());
        assert!(within(issue(&key, "a")));
        assert!(!within(issue(&key, "a")), "the key's is used up");
        headroom.counted(&issue(&other, "a"), [9, 1], headroom.counting());
        assert!(within(issue(&other, "a")));
        assert!(!within(issue(&other, "a")), "the principal's is used up");
        headroom.give_back(&issue(&other, "a"));
        assert!(within(issue(&other, "a")));
        assert!(!within(issue(&other, "b")), "another's was not counted");
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
        assert!(headroom.begin(&issue(&key, "a")).within);
        assert!(!headroom.begin(&issue(&key, "a")).within, "two of the three may be in no count");
    }
}

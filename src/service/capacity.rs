//! How many objects of ours the token may hold, and how many it does.
//!
//! A token's object space is small and shared. The budget is counted in objects, from before one exists until after it is gone,
//! as the record does. Wrapping keys never take all of it: a share is kept for material, so that handing out parameters
//! never stands in the way of imports.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What an object is believed to take where a token tells only its memory: an RSA_4096 private key with its CRT numbers and
/// attributes takes 2.4 KiB, and tokens round up.
const BYTES_PER_OBJECT: u64 = 4096;

/// The fewest objects that a token can be of use with.
const LEAST: u32 = 16;

/// The budget where neither the operator nor the token tells one.
const UNTOLD: u32 = 10_000;

/// What an operator sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapacitySettings {
    /// The most objects of ours on the token; as the token tells where absent.
    pub objects: Option<u32>,
    /// How much of it wrapping keys never take, in percent.
    pub import_share: u32,
}

/// What an object is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Material,
    WrappingKey,
}

/// There is no room within the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Full {
    /// When it is of use to look again: rooms are freed by what expires or is used, and no sooner than the janitor's round.
    pub(super) fn look_again(self) -> Duration {
        Duration::from_secs(60)
    }
}

/// The budget and what is used of it.
#[derive(Debug)]
pub(super) struct Capacity {
    budget: u32,
    /// The part of it that wrapping keys may take.
    for_wrapping_keys: u32,
    used: Mutex<Used>,
}

#[derive(Debug)]
struct Used {
    live: u32,
    /// As many as there were when the token last said that it was full.
    lid: Option<u32>,
    /// How many were admitted, ever.
    admitted: u64,
    /// How many of them are not on record yet, and so in no count.
    pending: u64,
}

impl Capacity {
    /// `private_memory`, in bytes, is what the token tells.
    pub(super) fn new(settings: CapacitySettings, private_memory: Option<u64>) -> Self {
        let told = private_memory.map(|bytes| u32::try_from(bytes / BYTES_PER_OBJECT).unwrap_or(u32::MAX));
        // Some tokens tell 0, or another number that is none of theirs.
        let told = told.filter(|objects| *objects >= LEAST);
        let budget = settings.objects.or(told).unwrap_or(UNTOLD);
        let kept = u64::from(budget) * u64::from(settings.import_share.min(100)) / 100;
        let for_wrapping_keys = budget - u32::try_from(kept).unwrap_or(budget);
        Self { budget, for_wrapping_keys, used: Mutex::new(Used { live: 0, lid: None, admitted: 0, pending: 0 }) }
    }

    pub(super) fn budget(&self) -> u32 {
        self.budget
    }

    /// How many objects there may be for wrapping keys to be let in.
    pub(super) fn for_wrapping_keys(&self) -> u32 {
        self.for_wrapping_keys
    }

    /// How many more there may be.
    pub(super) fn free(&self) -> u32 {
        self.budget.saturating_sub(self.live())
    }

    pub(super) fn live(&self) -> u32 {
        self.used().live
    }

    /// Whether one more object would be let in.
    pub(super) fn has_room(&self, purpose: Purpose) -> bool {
        let used = self.used();
        used.live < self.most(purpose, &used)
    }

    /// Lets one more object in. [`Capacity::recorded`] says that it is on record, or may be, and [`Capacity::freed`] then that it
    /// is gone; [`Capacity::withdrawn`] that it came to nothing before.
    pub(super) fn admit(&self, purpose: Purpose) -> Result<(), Full> {
        let mut used = self.used();
        if used.live >= self.most(purpose, &used) {
            return Err(Full);
        }
        used.live += 1;
        used.admitted += 1;
        used.pending += 1;
        Ok(())
    }

    /// Says that one that was let in is on record.
    pub(super) fn recorded(&self) {
        let mut used = self.used();
        used.pending = used.pending.saturating_sub(1);
    }

    /// Says that one that was let in will not be on record.
    pub(super) fn withdrawn(&self) {
        self.recorded();
        self.freed(1);
    }

    fn most(&self, purpose: Purpose, used: &Used) -> u32 {
        match purpose {
            Purpose::Material => self.budget,
            // The token's own word is about the moment: material may always be tried.
            Purpose::WrappingKey => self.for_wrapping_keys.min(used.lid.unwrap_or(u32::MAX)),
        }
    }

    /// Says that so many are gone, or never came.
    pub(super) fn freed(&self, objects: u64) {
        let mut used = self.used();
        used.live = used.live.saturating_sub(u32::try_from(objects).unwrap_or(u32::MAX));
    }

    /// Says that the token had no room for another.
    pub(super) fn token_is_full(&self) {
        let mut used = self.used();
        used.lid = Some(used.live.saturating_sub(1));
    }

    /// Begins to count anew: hand the result to [`Capacity::counted`] with the count.
    pub(super) fn counting(&self) -> u64 {
        let used = self.used();
        used.admitted - used.pending
    }

    /// Takes the record's count, which other replicas' objects are in too, in place of ours. What was let in since `since`, or was
    /// not on record then, may be in it or not, and counts once more: too many for a moment rather than too few.
    pub(super) fn counted(&self, live: u32, since: u64) {
        let mut used = self.used();
        let meanwhile = u32::try_from(used.admitted.saturating_sub(since)).unwrap_or(u32::MAX);
        used.live = live.saturating_add(meanwhile);
        used.lid = None;
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(objects: u32, import_share: u32) -> Capacity {
        Capacity::new(CapacitySettings { objects: Some(objects), import_share }, None)
    }

    #[test]
    fn the_budget_is_the_operators_else_what_the_token_tells_else_a_modest_one() {
        let settings = |objects| CapacitySettings { objects, import_share: 20 };
        assert_eq!(Capacity::new(settings(Some(50)), Some(4096 * 90)).budget(), 50);
        assert_eq!(Capacity::new(settings(None), Some(4096 * 90)).budget(), 90);
        assert_eq!(Capacity::new(settings(None), Some(8)).budget(), 10_000, "no token's memory");
        assert_eq!(Capacity::new(settings(None), Some(u64::MAX)).budget(), u32::MAX);
        assert_eq!(Capacity::new(settings(None), None).budget(), 10_000);
    }

    #[test]
    fn wrapping_keys_leave_a_share_to_material() {
        let capacity = capacity(10, 20);
        for _ in 0..8 {
            assert!(capacity.has_room(Purpose::WrappingKey));
            capacity.admit(Purpose::WrappingKey).unwrap();
        }
        assert!(!capacity.has_room(Purpose::WrappingKey));
        assert_eq!(capacity.admit(Purpose::WrappingKey), Err(Full));
        for _ in 0..2 {
            capacity.admit(Purpose::Material).unwrap();
        }
        assert_eq!(capacity.admit(Purpose::Material), Err(Full));
        capacity.freed(3);
        capacity.admit(Purpose::WrappingKey).unwrap();
        assert_eq!(capacity.live(), 8);
        assert_eq!(capacity.admit(Purpose::WrappingKey), Err(Full));
    }

    #[test]
    fn a_token_that_says_it_is_full_is_believed_until_the_next_count() {
        let capacity = capacity(100, 20);
        let admit = |purpose| capacity.admit(purpose).map(|()| capacity.recorded());
        for _ in 0..5 {
            admit(Purpose::WrappingKey).unwrap();
        }
        capacity.token_is_full();
        capacity.freed(1); // the one that did not get in
        assert_eq!(admit(Purpose::WrappingKey), Err(Full));
        admit(Purpose::Material).unwrap();
        capacity.freed(2);
        admit(Purpose::WrappingKey).unwrap();
        assert_eq!(admit(Purpose::WrappingKey), Err(Full));
        capacity.counted(5, capacity.counting());
        admit(Purpose::WrappingKey).unwrap();
    }

    #[test]
    fn what_came_while_the_record_was_counted_is_counted_rather_twice_than_never() {
        let capacity = capacity(100, 20);
        capacity.admit(Purpose::WrappingKey).unwrap(); // on record before the count
        capacity.recorded();
        capacity.admit(Purpose::WrappingKey).unwrap(); // let in before, on record after
        let since = capacity.counting();
        capacity.admit(Purpose::WrappingKey).unwrap(); // let in meanwhile
        capacity.recorded();
        capacity.counted(7, since);
        assert_eq!(capacity.live(), 9);
        capacity.withdrawn();
        assert_eq!(capacity.live(), 8);
        capacity.freed(100);
        assert_eq!(capacity.live(), 0, "never below none");
    }
}

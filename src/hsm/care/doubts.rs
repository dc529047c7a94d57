//! When the module is initialised anew to see what the token has destroyed: at once, and then ever more seldom.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::model::ObjectId;

/// The pause between two initialisations of the module to see what the token has destroyed, at first and at last.
const DOUBTS: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// The pause after one that has shown it.
const SETTLED: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Doubts {
    last: Option<Instant>,
    pause: Duration,
    /// What it was not known of whether it was destroyed, when the module was initialised last.
    about: HashSet<ObjectId>,
}

impl Default for Doubts {
    fn default() -> Self {
        Self { last: None, pause: DOUBTS.0, about: HashSet::new() }
    }
}

impl Doubts {
    /// Whether it is time, where these were perhaps not destroyed. Then it is not again for a while: for a short one, where it has helped
    /// before and these are others.
    pub(super) fn are_due(&mut self, undestroyed: &HashSet<ObjectId>, now: Instant) -> bool {
        if !self.about.is_empty() && !undestroyed.is_empty() && self.about.is_disjoint(undestroyed) {
            self.pause = SETTLED;
        }
        if let Some(last) = self.last {
            if now < last + self.pause {
                return false;
            }
            self.pause = (self.pause * 2).clamp(DOUBTS.0, DOUBTS.1);
        }
        self.last = Some(now);
        self.about.clone_from(undestroyed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: u8) -> HashSet<ObjectId> {
        [ObjectId([id; 16])].into()
    }

    #[test]
    fn what_helps_not_is_done_ever_more_seldom() {
        let (mut doubts, mut now) = (Doubts::default(), Instant::now());
        assert!(doubts.are_due(&of(1), now));
        for pause in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert!(!doubts.are_due(&of(1), now + Duration::from_secs(pause - 1)), "after {pause} s");
            now += Duration::from_secs(pause);
            assert!(doubts.are_due(&of(1), now), "after {pause} s");
        }
    }

    #[test]
    fn what_has_helped_is_done_again_soon_for_another_object() {
        let (mut doubts, mut now) = (Doubts::default(), Instant::now());
        assert!(doubts.are_due(&of(0), now));
        for id in 1..9 {
            assert!(!doubts.are_due(&of(id), now + Duration::from_secs(9)));
            now += Duration::from_secs(10);
            assert!(doubts.are_due(&of(id), now));
        }
        assert!(!doubts.are_due(&of(8), now + Duration::from_secs(59)), "it has not helped");
    }
}

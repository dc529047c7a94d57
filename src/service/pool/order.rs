//! Which pair to make next: of the kind that will run dry first.

use std::collections::{BTreeMap, BTreeSet};

use super::Marks;
use crate::model::PairKind;
use crate::store::Level;

/// What a pool is believed to lose where nobody asks: all of it in a day. So pools fill evenly when demand is not known.
const SECONDS_TO_LOSE_ALL: f64 = 24.0 * 60.0 * 60.0;

/// What is to be made, and what has fallen below its mark.
#[derive(Debug)]
pub(in crate::service) struct Order {
    marks: BTreeMap<PairKind, Marks>,
    /// Kinds that fell below their low mark and have not reached the high one yet.
    low: BTreeSet<PairKind>,
}

impl Order {
    pub(in crate::service) fn new(marks: BTreeMap<PairKind, Marks>) -> Self {
        Self { marks, low: BTreeSet::new() }
    }

    /// The kind to make next; `None` where every pool has enough. `asking` says how many are asked for in a second, `waits` whether
    /// somebody waits for one.
    pub(in crate::service) fn next(
        &mut self,
        levels: &BTreeMap<PairKind, Level>,
        asking: impl Fn(PairKind) -> f64,
        waits: impl Fn(PairKind) -> bool,
    ) -> Option<PairKind> {
        let mut next = None;
        for (kind, marks) in &self.marks {
            let level = levels.get(kind).copied().unwrap_or_default();
            let there = level.ready.saturating_add(level.making);
            if there < marks.low || level.ready == 0 {
                self.low.insert(*kind);
            } else if there >= marks.high {
                self.low.remove(kind);
            }
            if there >= marks.high || !self.low.contains(kind) {
                continue;
            }
            let lost = f64::from(marks.high) / SECONDS_TO_LOSE_ALL;
            let dry = if waits(*kind) { -1.0 } else { f64::from(there) / asking(*kind).max(lost) };
            if next.is_none_or(|(first, _)| dry < first) {
                next = Some((dry, *kind));
            }
        }
        next.map(|(_, kind)| kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PairUse, WrappingKeySpec};

    const SMALL: PairKind = PairKind { spec: WrappingKeySpec::Rsa2048, pair_use: PairUse::Unwrap };
    const LARGE: PairKind = PairKind { spec: WrappingKeySpec::Rsa4096, pair_use: PairUse::Unwrap };

    fn order(low: u32, high: u32) -> Order {
        Order::new([SMALL, LARGE].map(|kind| (kind, Marks { low, high })).into())
    }

    fn levels(small: u32, large: u32) -> BTreeMap<PairKind, Level> {
        [(SMALL, small), (LARGE, large)].map(|(kind, ready)| (kind, Level { ready, making: 0 })).into()
    }

    fn quiet(_: PairKind) -> f64 {
        0.0
    }

    fn nobody(_: PairKind) -> bool {
        false
    }

    #[test]
    fn a_pool_is_filled_from_below_the_low_mark_to_the_high_one() {
        let mut order = order(2, 4);
        let mut made = Vec::new();
        for small in [3, 2, 1, 2, 3, 4, 3, 2, 1] {
            made.push(order.next(&levels(small, 4), quiet, nobody).is_some());
        }
        assert_eq!(made, [false, false, true, true, true, false, false, false, true]);
    }

    #[test]
    fn what_is_under_way_counts_by_whichever_replica() {
        let mut order = order(2, 4);
        let under_way =
            |making| BTreeMap::from([(SMALL, Level { ready: 1, making }), (LARGE, Level { ready: 4, making: 0 })]);
        assert_eq!(order.next(&under_way(0), quiet, nobody), Some(SMALL));
        assert_eq!(order.next(&under_way(2), quiet, nobody), Some(SMALL));
        assert_eq!(order.next(&under_way(3), quiet, nobody), None);
    }

    #[test]
    fn the_kind_that_will_run_dry_first_goes_first() {
        let mut order = order(50, 100);
        let large_only = |kind| if kind == LARGE { 1.0 } else { 0.0 };
        assert_eq!(order.next(&levels(10, 10), quiet, nobody), Some(SMALL), "either will do");
        assert_eq!(order.next(&levels(10, 20), large_only, nobody), Some(LARGE), "ten will last a day, twenty some seconds");
        assert_eq!(order.next(&levels(0, 20), large_only, nobody), Some(SMALL), "none is dry already");
        let waits_for_large = |kind| kind == LARGE;
        assert_eq!(order.next(&levels(0, 20), quiet, waits_for_large), Some(LARGE), "somebody waits");
    }

    #[test]
    fn without_demand_pools_fill_evenly() {
        let mut order =
            Order::new(BTreeMap::from([(SMALL, Marks { low: 30, high: 30 }), (LARGE, Marks { low: 10, high: 10 })]));
        let (mut small, mut large) = (0, 0);
        for _ in 0..20 {
            match order.next(&levels(small, large), quiet, nobody) {
                Some(SMALL) => small += 1,
                _ => large += 1,
            }
        }
        assert_eq!((small, large), (15, 5));
    }

    #[test]
    fn a_pool_with_no_low_mark_is_filled_when_it_is_dry() {
        let mut order = order(0, 2);
        assert_eq!(order.next(&levels(1, 1), quiet, nobody), None);
        assert_eq!(order.next(&levels(0, 1), quiet, nobody), Some(SMALL));
        assert_eq!(order.next(&levels(1, 1), quiet, nobody), Some(SMALL), "until the high mark");
    }
}

//! How long pairs take to make, and how often they are asked for: measured, for want of anything better to go by.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{PairKind, Timestamp, WrappingKeySpec};

/// How much the latest making counts in the mean.
const WEIGHT: f64 = 0.2;

/// How long a request is remembered: its weight falls to 1/e in this time.
const MEMORY: Duration = Duration::from_secs(600);

/// What has been measured.
#[derive(Debug, Default)]
pub(in crate::service) struct Pace(Mutex<Measured>);

#[derive(Debug, Default)]
struct Measured {
    /// Seconds, by spec: what a pair may do makes no difference.
    making: HashMap<WrappingKeySpec, f64>,
    asking: HashMap<PairKind, Asking>,
}

#[derive(Clone, Copy, Debug)]
struct Asking {
    per_second: f64,
    at: Timestamp,
}

impl Asking {
    fn per_second(self, now: Timestamp) -> f64 {
        self.per_second * (-now.since(self.at).as_secs_f64() / MEMORY.as_secs_f64()).exp()
    }
}

impl Pace {
    /// Says that a pair took so long.
    pub(in crate::service) fn made(&self, spec: WrappingKeySpec, took: Duration) {
        let seconds = took.as_secs_f64();
        self.measured().making.entry(spec).and_modify(|mean| *mean += WEIGHT * (seconds - *mean)).or_insert(seconds);
    }

    /// How long a pair of this spec takes to make; before the first, what a slow CPU takes.
    pub(in crate::service) fn making(&self, spec: WrappingKeySpec) -> Duration {
        let before = match spec {
            WrappingKeySpec::Rsa2048 => 0.3,
            WrappingKeySpec::Rsa3072 => 1.0,
            WrappingKeySpec::Rsa4096 => 2.0,
            WrappingKeySpec::Sm2 => 0.01,
        };
        Duration::from_secs_f64(self.measured().making.get(&spec).copied().unwrap_or(before))
    }

    /// Says that a pair of this kind is asked for.
    pub(in crate::service) fn asked(&self, kind: PairKind, now: Timestamp) {
        let mut measured = self.measured();
        let before = measured.asking.get(&kind).map_or(0.0, |asking| asking.per_second(now));
        measured.asking.insert(kind, Asking { per_second: before + MEMORY.as_secs_f64().recip(), at: now });
    }

    /// How many pairs of this kind are asked for in a second.
    pub(in crate::service) fn asking(&self, kind: PairKind, now: Timestamp) -> f64 {
        self.measured().asking.get(&kind).map_or(0.0, |asking| asking.per_second(now))
    }

    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PairUse;

    const KIND: PairKind = PairKind { spec: WrappingKeySpec::Rsa2048, pair_use: PairUse::Unwrap };
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn the_rate_of_a_steady_demand_is_found_and_forgotten_when_it_ends() {
        let pace = Pace::default();
        let mut now = NOW;
        for _ in 0..2000 {
            now = now.after(Duration::from_secs(2));
            pace.asked(KIND, now);
        }
        assert!((0.49..0.51).contains(&pace.asking(KIND, now)), "{}", pace.asking(KIND, now));
        assert!(pace.asking(KIND, now.after(10 * MEMORY)) < 0.001);
        let other = PairKind { pair_use: PairUse::RawDecrypt, ..KIND };
        assert_eq!(pace.asking(other, now), 0.0);
    }

    #[test]
    fn the_mean_follows_what_is_measured() {
        let pace = Pace::default();
        assert_eq!(pace.making(WrappingKeySpec::Rsa4096), Duration::from_secs(2));
        pace.made(WrappingKeySpec::Rsa4096, Duration::from_secs(10));
        assert_eq!(pace.making(WrappingKeySpec::Rsa4096), Duration::from_secs(10));
        for _ in 0..50 {
            pace.made(WrappingKeySpec::Rsa4096, Duration::from_secs(1));
        }
        assert!(pace.making(WrappingKeySpec::Rsa4096) < Duration::from_millis(1010));
        assert_eq!(pace.making(WrappingKeySpec::Rsa2048), Duration::from_millis(300));
    }
}

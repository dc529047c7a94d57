//! How long another Region is left alone after it was told something in vain.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::model::KeyId;

/// The first pause; each is twice as long as the one before.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest.
const LONGEST: Duration = Duration::from_secs(30);

/// Of one Region: it may be away, or not take what it is told of some keys.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    away: Option<Pause>,
    of_keys: HashMap<KeyId, Pause>,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    failures: u32,
    until: Instant,
}

impl Pause {
    /// The one after this.
    fn after(last: Option<Self>, now: Instant) -> Self {
        let failures = last.map_or(0, |last| last.failures);
        let pause = SHORTEST.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST);
        Self { failures: failures.saturating_add(1), until: now + pause }
    }
}

impl Pauses {
    /// Whether the Region may be spoken to at all.
    pub(super) fn is_there(&self, now: Instant) -> bool {
        self.away.is_none_or(|pause| pause.until <= now)
    }

    /// Whether it may be spoken to of this key.
    pub(super) fn is_due(&self, key: &KeyId, now: Instant) -> bool {
        self.of_keys.get(key).is_none_or(|pause| pause.until <= now)
    }

    /// It was not reached.
    pub(super) fn was_away(&mut self, now: Instant) {
        self.away = Some(Pause::after(self.away, now));
    }

    /// It was reached, and did not take what it was told of this key.
    pub(super) fn refused(&mut self, key: &KeyId, now: Instant) {
        self.away = None;
        let last = self.of_keys.get(key).copied();
        self.of_keys.insert(key.clone(), Pause::after(last, now));
    }

    /// It has heard.
    pub(super) fn heard(&mut self, key: &KeyId) {
        self.away = None;
        self.of_keys.remove(key);
    }

    /// Forgets keys that are spoken of no more: gone, or told by another process.
    pub(super) fn forget_the_quiet(&mut self, now: Instant) {
        self.of_keys.retain(|_, pause| pause.until + LONGEST > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_is_away_is_left_alone_for_longer_each_time_and_a_key_that_it_refuses_hinders_no_other() {
        let (mut pauses, now) = (Pauses::default(), Instant::now());
        let [first, second] = [KeyId::random(true), KeyId::random(true)];
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            assert!(pauses.is_there(now));
            pauses.was_away(now);
            let later = |millis: u64| now + Duration::from_millis(millis);
            assert!(!pauses.is_there(later(seconds * 1000 - 1)) && pauses.is_there(later(seconds * 1000)), "{seconds}");
            pauses.away.iter_mut().for_each(|pause| pause.until = now);
        }
        pauses.refused(&first, now);
        assert!(pauses.is_there(now) && !pauses.is_due(&first, now) && pauses.is_due(&second, now));
        assert!(pauses.is_due(&first, now + SHORTEST));
        pauses.forget_the_quiet(now + SHORTEST);
        assert_eq!(pauses.of_keys.len(), 1);
        pauses.forget_the_quiet(now + SHORTEST + LONGEST);
        assert_eq!(pauses.of_keys.len(), 0);
        pauses.was_away(now);
        pauses.heard(&second);
        assert!(pauses.is_there(now));
    }
}

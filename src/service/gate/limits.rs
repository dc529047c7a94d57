//! How often a principal may ask: for each operation so many times a second, and some more at once after a quiet time.

use std::collections::HashMap;
use std::num::NonZeroU32;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::model::{Action, Principal};
use crate::service::Error;

type Limiter =
    RateLimiter<Principal, DashMapStateStore<Principal>, MonotonicClock, NoOpMiddleware<<MonotonicClock as Clock>::Instant>>;

type Bucket = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<<MonotonicClock as Clock>::Instant>>;

/// Requests a second of callers who do not prove who they are that are written down, and how many at once after a quiet time.
const STRANGERS: (NonZeroU32, NonZeroU32) = (NonZeroU32::MIN.saturating_add(19), NonZeroU32::MIN.saturating_add(399));

/// The limits in force, and who has used how much of them.
pub struct Limits {
    of: HashMap<Action, Limiter>,
    strangers: Bucket,
}

impl Limits {
    /// Calls a second for each principal, by operation; `burst_seconds` seconds' worth of them at once after a quiet time. What is
    /// not named, or 0, is not limited.
    pub fn new(per_second: impl IntoIterator<Item = (Action, u32)>, burst_seconds: NonZeroU32) -> Self {
        let limiter = move |(action, rate): (Action, u32)| {
            let rate = NonZeroU32::new(rate)?;
            let quota = Quota::per_second(rate).allow_burst(rate.saturating_mul(burst_seconds));
            Some((action, RateLimiter::new(quota, DashMapStateStore::default(), MonotonicClock)))
        };
        let (rate, burst) = STRANGERS;
        let strangers = RateLimiter::direct_with_clock(Quota::per_second(rate).allow_burst(burst), MonotonicClock);
        Self { of: per_second.into_iter().filter_map(limiter).collect(), strangers }
    }

    /// Counts a request of somebody who does not prove who they are; whether it may have a line in the audit log.
    pub(super) fn hear_stranger(&self) -> bool {
        self.strangers.check().is_ok()
    }

    /// No limits.
    pub fn none() -> Self {
        Self::new([], NonZeroU32::MIN)
    }

    /// Counts a call.
    pub(super) fn admit(&self, principal: &Principal, action: Action) -> Result<(), Error> {
        let Some(limiter) = self.of.get(&action) else { return Ok(()) };
        limiter
            .check_key(principal)
            .map_err(|not_until| Error::TooOften { action, retry_after: not_until.wait_time_from(MonotonicClock.now()) })
    }

    pub(super) fn forget_the_quiet(&self) {
        for limiter in self.of.values() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

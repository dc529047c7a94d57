//! Where a worker stands: its lane, and what is known of it there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::Token;
use super::super::lane::{Job, Lane};

/// How long a session may lie idle before it is tested: so it is known how the token is, whether anybody asks or not.
const IDLE: Duration = Duration::from_secs(5);

/// A place in a crew: one thread, and after it hangs another.
pub(super) struct Place {
    pub(super) lane: Lane,
    pub(super) worker: u64,
    pub(super) written_off: Arc<AtomicBool>,
    /// Whether it counts among those of its lane who have a session.
    pub(super) counts: Arc<AtomicBool>,
}

/// What a worker does next.
pub(super) enum Next {
    Job(Job),
    Recalled,
    Idle,
    Over,
}

impl Place {
    /// What is to be done next.
    pub(super) fn next(&self, token: &Token) -> Next {
        let next = flume::Selector::new()
            .recv(&token.lease.recalled, |_| Next::Recalled)
            .recv(&self.lane.jobs, |job| job.map_or(Next::Over, Next::Job))
            .wait_timeout(IDLE);
        next.unwrap_or(Next::Idle)
    }

    pub(super) fn come(&self) {
        if !self.counts.swap(true, Ordering::SeqCst) {
            self.lane.well.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub(super) fn go(&self) {
        self.lane.go(&self.counts);
    }
}

//! Replicas share no leader and no clock, but what each writes down by its own the others read by theirs.
//!
//! So each compares its clock with the database's: at its start, where one that is off keeps it from starting, and in every round
//! of the janitor, where the log says so. Two replicas are at most twice the bound apart, and that breaks nothing:
//!
//! - **Claims and makings** are ended by whoever finds them old. That must not happen to one that is under way elsewhere, for what
//!   it then put on the token would be nobody's if it ended there; so they are left alone for twice the bound longer than the
//!   longest of them takes ([`Service::stale_since`]). A claim of a clock that is behind is ended later, and in nobody's way.
//! - **Sets** end by the clock of whoever is asked: up to twice the bound sooner or later than the one that issued them would say,
//!   out of a minute at least. A janitor ahead of an import under way ends its set, and the import finds its claim gone and undoes
//!   what it did: the state in the record decides, in one transaction, and no clock.
//! - **Material** expires and **deletions** fall due by the clock that is furthest ahead, and are used until then by the others. Either
//!   is a change of the key in its next version, so that whoever read it before is told to read it again.
//! - **Pending imports** end with their sets, **access keys** when they were told to, each by the clock of whoever is asked; the
//!   record of a set outlives it by a day, which is longer than the widest bound.
//! - **Orders** by time (pairs, rotations, pending imports, samples of the load) decide who comes first and no more.
//!
//! SQLite has no clock of its own, and one process that uses it.

use std::time::Duration;

use super::{Service, StartError};
use crate::clock::Clock;
use crate::model::Timestamp;
use crate::store::Store;

/// No claim takes longer than this; one that did was cut off, and is ended by whoever finds it.
const LONGEST_CLAIM: Duration = Duration::from_secs(10 * 60);

/// Compares a clock with the database's.
///
/// # Errors
/// Where they are further apart than `most`; the message says how far, and what to do.
pub async fn require_clock(store: &Store, clock: &dyn Clock, most: Duration) -> Result<(), StartError> {
    match store.skew(|| clock.now()).await? {
        Some(skew) if skew.exceeds(most) => Err(StartError::Clock { skew, most }),
        _ => Ok(()),
    }
}

impl Service {
    /// Says so where the clock has left the bound since the start.
    pub(super) async fn watch_clock(&self) {
        let most = self.settings.max_clock_skew;
        match require_clock(&self.store, &*self.clock, most).await {
            Ok(()) => {}
            Err(error @ StartError::Clock { .. }) => tracing::error!(%error, "the clock is off"),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the clock could not be compared with the database's"
                );
            }
        }
    }

    /// Claims and makings from before this were cut off, by whichever clock they were begun.
    pub(super) fn stale_since(&self) -> Timestamp {
        self.clock.now().before(LONGEST_CLAIM + 2 * self.settings.max_clock_skew)
    }
}

//! Calls that hang, and what they make doubtful.

use std::sync::atomic::Ordering;

use super::super::Trouble;
use super::Care;

/// With so many calls that hang at once, another process is asked for.
pub const MOST_HANGING: usize = 16;

impl Care {
    /// How many calls hang.
    pub(in crate::hsm) fn hanging(&self) -> usize {
        usize::try_from(self.hanging.load(Ordering::SeqCst)).unwrap_or(0)
    }

    /// Says that a call hangs whose worker was this; whether its place is to be taken by another.
    pub(in crate::hsm) fn hangs(&self, worker: u64, nobody_serves: bool) -> bool {
        self.hanging.fetch_add(1, Ordering::SeqCst);
        let hanging = self.hanging();
        tracing::error!(hanging, "a call to the token does not come back; its thread is written off");
        self.suspect();
        {
            let mut illness = self.illness();
            if illness.healer == Some(worker) {
                illness.healer = None;
            }
        }
        if hanging >= MOST_HANGING {
            self.fell_ill(Trouble::GivenUp);
            return false;
        }
        if nobody_serves {
            self.fell_ill(Trouble::Hanging);
        }
        true
    }

    /// Says that a call that was written off has come back.
    pub(in crate::hsm) fn came_back(&self) {
        self.hanging.fetch_sub(1, Ordering::SeqCst);
        tracing::warn!(hanging = self.hanging(), "a call that was written off has come back from the token");
        self.changed.notify_all();
    }

    /// Has every worker test its session before it uses it again.
    pub(in crate::hsm) fn suspect(&self) {
        self.suspicion.fetch_add(1, Ordering::SeqCst);
    }

    pub(in crate::hsm) fn suspicion(&self) -> u64 {
        self.suspicion.load(Ordering::SeqCst)
    }
}

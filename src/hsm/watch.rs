//! Calls that do not come back: PKCS#11 knows no deadline, and a thread inside a module cannot be ended.
//!
//! So each call is begun under a limit. One that passes it is written off, with its thread: whoever waits for it is told, and
//! another thread takes the place. When it does come back after all, its thread finds that it is not awaited any more, and ends.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is done about a call that has passed its limit.
type WriteOff = Box<dyn FnOnce() + Send>;

/// The calls under way.
#[derive(Default)]
pub(super) struct Watch {
    calls: Mutex<Calls>,
    changed: Condvar,
}

#[derive(Default)]
struct Calls {
    next: u64,
    under_way: HashMap<u64, (Instant, WriteOff)>,
    over: bool,
}

impl Calls {
    fn first_due(&self) -> Option<Instant> {
        self.under_way.values().map(|(due, _)| *due).min()
    }
}

impl Watch {
    /// Begins a call that may take as long as `limit`.
    pub(super) fn begin(&self, limit: Duration, write_off: impl FnOnce() + Send + 'static) -> u64 {
        let due = Instant::now() + limit;
        let mut calls = self.calls();
        let is_first = calls.first_due().is_none_or(|first| due < first);
        let id = calls.next;
        calls.next += 1;
        calls.under_way.insert(id, (due, Box::new(write_off)));
        drop(calls);
        if is_first {
            self.changed.notify_all();
        }
        id
    }

    /// Ends it; whether it was still awaited.
    pub(super) fn end(&self, id: u64) -> bool {
        // Dropped outside of the lock.
        let ended = self.calls().under_way.remove(&id);
        ended.is_some()
    }

    /// Writes off what passes its limit, until [`Watch::leave`].
    pub(super) fn keep(&self) {
        let mut calls = self.calls();
        while !calls.over {
            let now = Instant::now();
            let due: Vec<u64> = calls.under_way.iter().filter(|(_, (due, _))| *due <= now).map(|(id, _)| *id).collect();
            if !due.is_empty() {
                let late: Vec<_> = due.iter().filter_map(|id| calls.under_way.remove(id)).collect();
                drop(calls);
                for (_, write_off) in late {
                    write_off();
                }
                calls = self.calls();
                continue;
            }
            calls = match calls.first_due() {
                Some(first) => {
                    let wait = first.saturating_duration_since(now);
                    self.changed.wait_timeout(calls, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(calls).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Ends the watch.
    pub(super) fn leave(&self) {
        self.calls().over = true;
        self.changed.notify_all();
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! A lock that outlives its holder: a thread that hangs in a call to the token never gives back what it holds, and is not to keep
//! all others waiting for ever.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One at a time, but for those who are written off, or have it for so long that they will be.
#[derive(Debug)]
pub(super) struct Turn {
    patience: Duration,
    holder: Mutex<Option<Holder>>,
    changed: Condvar,
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Holder {
    written_off: Arc<AtomicBool>,
    since: Instant,
}

/// Whoever has this is the only one.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    turn: &'a Turn,
    holder: Arc<AtomicBool>,
}

impl Turn {
    /// One that passes on after `patience`.
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, holder: Mutex::default(), changed: Condvar::new(), waiting: AtomicUsize::new(0) }
    }

    /// Waits for one's turn. `written_off` is the thread's own mark.
    pub(super) fn take(&self, written_off: &Arc<AtomicBool>) -> Taken<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut holder = self.holder();
        while let Some(Holder { written_off, since }) = &*holder {
            let left = self.patience.saturating_sub(since.elapsed());
            if left.is_zero() || written_off.load(Ordering::SeqCst) {
                break;
            }
            holder = self.changed.wait_timeout(holder, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *holder = Some(Holder { written_off: Arc::clone(written_off), since: Instant::now() });
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Taken { turn: self, holder: Arc::clone(written_off) }
    }

    /// Whether somebody waits.
    pub(super) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Has those who wait look whether the holder was written off.
    pub(super) fn look_again(&self) {
        drop(self.holder());
        self.changed.notify_all();
    }

    fn holder(&self) -> MutexGuard<'_, Option<Holder>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut holder = self.turn.holder();
        // It may have passed to another already.
        if holder.as_ref().is_some_and(|now| Arc::ptr_eq(&now.written_off, &self.holder)) {
            *holder = None;
            self.turn.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_passes_on_when_its_holder_is_written_off_and_not_before() {
        let turn = Arc::new(Turn::new(Duration::from_secs(3600)));
        let hangs = Arc::new(AtomicBool::new(false));
        let held = turn.take(&hangs);
        let (taken, is_taken) = flume::bounded(0);
        let waits = {
            let turn = Arc::clone(&turn);
            std::thread::spawn(move || {
                let mine = turn.take(&Arc::default());
                taken.send(()).unwrap();
                drop(mine);
            })
        };
        while !turn.is_wanted() {
            std::thread::yield_now();
        }
        turn.look_again();
        assert!(is_taken.try_recv().is_err(), "its holder is not written off");
        hangs.store(true, Ordering::SeqCst);
        turn.look_again();
        is_taken.recv().unwrap();
        waits.join().unwrap();
        // What comes back late gives back nothing that is another's.
        let next = turn.take(&Arc::default());
        drop(held);
        assert!(turn.holder().is_some());
        drop(next);
        assert!(turn.holder().is_none());
    }

    #[test]
    fn a_turn_that_is_held_for_too_long_passes_on() {
        let turn = Turn::new(Duration::ZERO);
        let _held = turn.take(&Arc::default());
        drop(turn.take(&Arc::default()));
    }
}

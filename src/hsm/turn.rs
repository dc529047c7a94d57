//! A lock that outlives its holder: a thread that hangs in a call to the token never gives back what it holds, and is not to keep
//! all others waiting for ever.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// One at a time, but for those who are written off.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Whether whose turn it is has been written off meanwhile.
    holder: Mutex<Option<Arc<AtomicBool>>>,
    changed: Condvar,
    waiting: AtomicUsize,
}

/// Whoever has this is the only one.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    turn: &'a Turn,
    holder: Arc<AtomicBool>,
}

impl Turn {
    /// Waits for one's turn. `written_off` is the thread's own mark.
    pub(super) fn take(&self, written_off: &Arc<AtomicBool>) -> Taken<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut holder = self.holder();
        while holder.as_ref().is_some_and(|other| !other.load(Ordering::SeqCst)) {
            holder = self.changed.wait(holder).unwrap_or_else(PoisonError::into_inner);
        }
        *holder = Some(Arc::clone(written_off));
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

    fn holder(&self) -> MutexGuard<'_, Option<Arc<AtomicBool>>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut holder = self.turn.holder();
        // It may have passed to another already.
        if holder.as_ref().is_some_and(|now| Arc::ptr_eq(now, &self.holder)) {
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
        let turn = Arc::new(Turn::default());
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
}

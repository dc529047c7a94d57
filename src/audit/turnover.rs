//! When a file is followed by another: when it is long enough, and right after a checkpoint, if one comes within reason.

use std::io;
use std::time::{Duration, Instant};

use super::files;
use super::ledger::{Ledger, remove};
use super::line::Chain;

/// How long a full file waits for a checkpoint.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it goes on in the old file where a new one could not be begun.
const AGAIN: Duration = Duration::from_secs(60);

pub(super) struct Turnover {
    max_bytes: u64,
    keep: u32,
    /// Since when the file is full.
    due: Option<Instant>,
    is_covered: bool,
    /// Not to be tried before.
    not_before: Option<Instant>,
}

impl Turnover {
    pub(super) fn new(max_bytes: u64, keep: u32) -> Self {
        Self { max_bytes, keep, due: None, is_covered: false, not_before: None }
    }

    /// Whether the file is full.
    pub(super) fn is_due(&self) -> bool {
        self.due.is_some()
    }

    /// Takes note of how long the file is, and of whether a checkpoint was written.
    pub(super) fn written(&mut self, length: u64, checkpoint: bool) {
        self.is_covered = checkpoint && self.due.is_some();
        if length > self.max_bytes {
            self.due.get_or_insert_with(Instant::now);
        }
    }

    /// Begins a new file if it is time, and returns its first line.
    pub(super) fn turn(&mut self, ledger: &mut Ledger) -> Option<(Vec<u8>, Chain)> {
        let is_time = self.is_covered || self.due.is_some_and(|due| due.elapsed() >= PATIENCE);
        if !is_time || self.not_before.is_some_and(|moment| Instant::now() < moment) {
            return None;
        }
        self.is_covered = false;
        let turned = ledger.rotate().inspect_err(|error| {
            tracing::warn!(%error, "no new file could be begun for the audit log: it goes on in the old one");
            self.not_before = Some(Instant::now() + AGAIN);
        });
        let turned = turned.ok()?;
        (self.due, self.not_before) = (None, None);
        if let Err(error) = self.forget(ledger) {
            tracing::warn!(%error, "old files of the audit log could not be removed");
        }
        Some(turned)
    }

    /// Removes the oldest files beyond those that are kept.
    fn forget(&self, ledger: &Ledger) -> io::Result<()> {
        let olds = files::olds(&ledger.path)?;
        let beyond = if self.keep == 0 { 0 } else { olds.len().saturating_sub(self.keep as usize) };
        olds.iter().take(beyond).try_for_each(|old| remove(old))
    }
}

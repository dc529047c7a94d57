//! The thread that writes: what is queued goes out with one write and one sync, and then all are answered.
//!
//! When the disk takes no more, nobody is let begin. Lines that were under way stay in memory, at most as many as there are places,
//! and every second it is tried again, until the log says that it goes on and has them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use flume::RecvTimeoutError;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::bodies::{self, Resumed};
use super::checkpoint::WINDOW;
use super::forward::Forwarder;
use super::ledger::Ledger;
use super::line::{Body, Chain, Kind, MAX_BODY, MAX_LINE};
use super::log::{Settings, Shared, Unwritable};
use super::turnover::Turnover;

/// The most bytes of one write, but for the last line in it; as many may be left unfinished by a crash.
pub(super) const BATCH: usize = 1 << 20;
/// From one attempt to the next, and from a line that nobody waits for to its being on the disk.
const TICK: Duration = Duration::from_secs(1);

/// A line to be written.
pub(super) struct Order {
    pub(super) body: Body,
    pub(super) durable: bool,
    /// For a checkpoint: the last line that it covers.
    pub(super) covers: Option<u64>,
    /// Given back when the line is written.
    pub(super) _place: Option<OwnedSemaphorePermit>,
    pub(super) answer: oneshot::Sender<Result<(), Unwritable>>,
}

/// What keeps the log from being written.
struct Trouble {
    why: Arc<str>,
    since: String,
    tried: Instant,
    /// Whether only the room ahead is short: those who have a place still find theirs.
    is_only_room: bool,
}

pub(super) struct Writer {
    ledger: Ledger,
    queue: flume::Receiver<Order>,
    shared: Arc<Shared>,
    forwarder: Option<Forwarder>,
    turnover: Turnover,
    trouble: Option<Trouble>,
    kept: Vec<(Body, Option<OwnedSemaphorePermit>)>,
    synced_at: Instant,
}

impl Writer {
    pub(super) fn new(ledger: Ledger, settings: Settings, queue: flume::Receiver<Order>, shared: Arc<Shared>) -> Self {
        let forwarder = settings.forward.map(Forwarder::new);
        let turnover = Turnover::new(settings.max_bytes, settings.keep);
        Self { ledger, queue, shared, forwarder, turnover, trouble: None, kept: Vec::new(), synced_at: Instant::now() }
    }

    /// Writes until nobody can ask any more.
    pub(super) fn run(mut self, opened: &[u8]) {
        self.forward(opened, self.ledger.chain.next - 1);
        loop {
            match self.wait() {
                Ok(first) => self.take(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.tend();
        }
        if self.trouble.is_some() {
            self.resume();
        }
        if !self.kept.is_empty() {
            tracing::error!(
                lines = self.kept.len(),
                "lines of the audit log are lost: it could not be written until the end"
            );
        }
        self.ledger.close();
    }

    fn wait(&self) -> Result<Order, RecvTimeoutError> {
        let is_idle = self.trouble.is_none() && self.ledger.tail.is_empty() && !self.turnover.is_due();
        if is_idle { self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected) } else { self.queue.recv_timeout(TICK) }
    }

    /// Writes this line and those that wait behind it.
    fn take(&mut self, first: Order) {
        let length = |order: &Order| order.body.json.len() + (MAX_LINE - MAX_BODY);
        let mut bytes = length(&first);
        let mut batch = vec![first];
        while bytes < BATCH
            && let Ok(order) = self.queue.try_recv()
        {
            bytes += length(&order);
            batch.push(order);
        }
        if let Some(Trouble { why, is_only_room: false, .. }) = &self.trouble {
            let why = why.clone();
            return self.set_aside(batch, &why);
        }
        let (chain, batch): (Chain, Vec<Order>) =
            (self.ledger.chain, batch.into_iter().filter_map(|order| self.timely(order)).collect());
        let (mut end, mut lines) = (chain, Vec::with_capacity(bytes));
        for order in &batch {
            end.append(&order.body, &mut lines);
        }
        let durable = batch.iter().any(|order| order.durable) || self.ledger.tail.len() + lines.len() > BATCH;
        if let Err(error) = self.ledger.append(&lines, end, durable) {
            let why = self.stumble(&error, false);
            return self.set_aside(batch, &why);
        }
        if durable {
            self.synced_at = Instant::now();
        }
        for (sequence, order) in (chain.next..).zip(&batch) {
            let mut head = self.shared.head();
            match order.covers {
                Some(covered) => head.covered = head.covered.max(covered),
                None => head.last_other = sequence,
            }
        }
        self.shared.head().advance(end.next - 1, end.previous);
        let is_covered = batch.iter().any(|order| order.covers.is_some());
        self.turnover.written(self.ledger.length(), is_covered);
        // Before the answers: whose line filled the file is to see that it did.
        self.tell_whether_full();
        // Before the forwarding: nobody waits for that.
        for Order { answer, _place: place, .. } in batch {
            // First: who is answered may begin again at once.
            drop(place);
            let _left = answer.send(Ok(()));
        }
        self.forward(&lines, chain.next);
    }

    /// A checkpoint that a reader could not join to its line any more is refused.
    fn timely(&self, order: Order) -> Option<Order> {
        if order.covers.is_some_and(|covered| self.ledger.chain.next - covered > WINDOW / 2) {
            let _left = order.answer.send(Err(Unwritable::Late));
            return None;
        }
        Some(order)
    }

    /// Keeps lines that could not be written. A checkpoint is not kept: what it covers is not sure to be the same then.
    fn set_aside(&mut self, batch: Vec<Order>, why: &Arc<str>) {
        for Order { body, covers, _place: place, answer, .. } in batch {
            if covers.is_none() {
                self.kept.push((body, place));
            }
            let _left = answer.send(Err(Unwritable::Disk(why.clone())));
        }
    }

    /// Lets nobody begin until it is better.
    fn stumble(&mut self, error: &io::Error, is_only_room: bool) -> Arc<str> {
        let why: Arc<str> = error.to_string().into();
        let before = self.trouble.take();
        if before.is_none() {
            tracing::error!(%error, file = %self.ledger.path.display(), "the audit log cannot be written: requests are refused until it can");
        }
        let since = before.map_or_else(bodies::now, |before| before.since);
        self.shared.trouble.send_replace(Some(Arc::clone(&why)));
        self.trouble = Some(Trouble { why: why.clone(), since, tried: Instant::now(), is_only_room });
        why
    }

    /// What is due between lines.
    fn tend(&mut self) {
        match &self.trouble {
            Some(trouble) if trouble.tried.elapsed() < TICK => return,
            Some(trouble) if !trouble.is_only_room => return self.resume(),
            _ => {}
        }
        if !self.ledger.tail.is_empty() && self.synced_at.elapsed() >= TICK {
            self.synced_at = Instant::now();
            if let Err(error) = self.ledger.sync() {
                self.stumble(&error, false);
                return;
            }
        }
        self.turn_over();
        match self.ledger.reserve() {
            Ok(()) => self.recover(),
            Err(error) => drop(self.stumble(&error, true)),
        }
    }

    /// Tries to write again, first of all what was kept.
    fn resume(&mut self) {
        let Some(Trouble { why, since, .. }) = &self.trouble else { return };
        let resumed =
            Resumed { time: bodies::now(), since: since.clone(), error: why.to_string(), kept: self.kept.len() as u64 };
        let (first, mut lines) = (self.ledger.chain.next, Vec::new());
        let mut chain = self.ledger.chain;
        chain.append(&bodies::body(Kind::Resumed, &resumed), &mut lines);
        for (body, _) in &self.kept {
            chain.append(body, &mut lines);
        }
        if let Err(error) = self.ledger.resume(&lines, chain) {
            self.stumble(&error, false);
            return;
        }
        self.synced_at = Instant::now();
        self.kept.clear();
        {
            let mut head = self.shared.head();
            head.advance(chain.next - 1, chain.previous);
            head.last_other = chain.next - 1;
        }
        self.recover();
        self.forward(&lines, first);
    }

    fn recover(&mut self) {
        if self.trouble.take().is_some() {
            self.shared.trouble.send_replace(None);
            tracing::info!("the audit log can be written again");
        }
    }

    /// Begins a new file where it is time.
    fn turn_over(&mut self) {
        self.tell_whether_full();
        let first = self.ledger.chain.next;
        let Some((line, chain)) = self.turnover.turn(&mut self.ledger) else { return };
        self.shared.wants_checkpoint.store(false, Ordering::Release);
        {
            let mut head = self.shared.head();
            head.advance(chain.next - 1, chain.previous);
            head.last_other = chain.next - 1;
        }
        self.forward(&line, first);
    }

    fn tell_whether_full(&self) {
        let is_wanted = self.turnover.is_due();
        if is_wanted != self.shared.wants_checkpoint.swap(is_wanted, Ordering::AcqRel) && is_wanted {
            self.shared.rotation.notify_one();
        }
    }

    fn forward(&mut self, lines: &[u8], first: u64) {
        let Some(forwarder) = &mut self.forwarder else { return };
        let lost = forwarder.send(lines, first);
        self.shared.lost.fetch_add(lost, Ordering::Relaxed);
    }
}

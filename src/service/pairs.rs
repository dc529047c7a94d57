//! Where the next wrapping key pair comes from.
//!
//! A pair that stands ready is taken in one transaction. Where none does, the caller waits in a line, within their deadline, and
//! pairs are made for those who wait; a pair whose caller has left stands ready for the next. Who comes later never takes what
//! somebody waits for. [`super::pool`] sees to it that hardly anybody waits.

mod line;
mod making;
mod pace;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use self::line::{Crowded, Held, Line, Turn};
use self::pace::Pace;
use super::homes::Home;
use super::{Call, Error, Service, TRIES};
use crate::hsm::MAKERS;
use crate::model::{Issue, PairKind, SetHolder, Timestamp, WrappingKey};
use crate::store::Taken;

/// How much earlier a caller is told to come again than their time is over, so that they hear it.
const IN_TIME: Duration = Duration::from_millis(30);

/// The longest that anybody is told to wait.
const LONGEST_RETRY: Duration = Duration::from_secs(24 * 60 * 60);

/// Who waits for pairs, and how fast they come and go.
#[derive(Debug)]
pub(super) struct Pairs {
    line: Line,
    pub(super) pace: Pace,
    /// Notified when the pool may have to be filled.
    pub(super) hungry: Notify,
    /// Pairs that were taken from it, ever.
    taken: AtomicU64,
    /// How many of them had been taken when it was last found filled.
    filled: watch::Sender<Option<u64>>,
}

impl Pairs {
    /// With a line for `waiting` callers.
    pub(super) fn new(waiting: usize) -> Self {
        Self {
            line: Line::new(waiting),
            pace: Pace::default(),
            hungry: Notify::new(),
            taken: AtomicU64::new(0),
            filled: watch::Sender::new(None),
        }
    }

    /// How many callers wait for a pair.
    pub(super) fn waiting(&self) -> usize {
        self.line.wanted().len()
    }

    pub(super) fn waits_for(&self, kind: PairKind) -> bool {
        self.line.waits_for(kind)
    }

    /// Says that so many pairs of this kind stand ready: whoever waits is called, as far as nobody was for them.
    pub(super) fn stand_ready(&self, kind: PairKind, pairs: u32) {
        for _ in self.line.called(kind)..pairs as usize {
            self.stands_ready(kind);
        }
    }

    /// Says that a pair of this kind stands ready.
    pub(super) fn stands_ready(&self, kind: PairKind) {
        self.line.call(kind, Turn::Ready);
    }

    /// How many pairs have been taken: a look at the pool begins with this, and [`Pairs::found_filled`] is told it.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }

    /// Says that a look at the pool, begun when so many pairs had been taken, found it filled.
    pub(super) fn found_filled(&self, taken: u64) {
        self.filled.send_replace(Some(taken));
    }

    /// Comes when the pool is found filled, whatever was taken until now.
    pub(super) async fn is_filled(&self) {
        let taken = self.taken();
        let mut told = self.filled.subscribe();
        // The sender is ours, and so is never dropped before.
        let _told = told.wait_for(|filled| *filled >= Some(taken)).await;
    }

    fn was_taken(&self) {
        self.taken.fetch_add(1, Ordering::SeqCst);
        self.hungry.notify_one();
    }

    /// When whoever comes now would have had their pair: by how long pairs take to make, and for how many they are awaited.
    fn next_vacancy(&self, kind: PairKind) -> Duration {
        let awaited = self.line.wanted().into_iter().chain([kind]).map(|kind| self.pace.making(kind.spec));
        let all: Duration = awaited.sum();
        whole_seconds(all / u32::try_from(MAKERS).unwrap_or(1))
    }
}

/// Rounded up, and within bounds that a caller can do something with.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).clamp(Duration::from_secs(1), LONGEST_RETRY)
}

impl Service {
    /// Hands out a wrapping key pair, on record as issued.
    pub(super) async fn take_pair(
        &self,
        home: &Arc<Home>,
        call: &Call,
        kind: PairKind,
        issue: &Issue,
    ) -> Result<WrappingKey, Error> {
        home.pairs.pace.asked(kind, issue.issued_at);
        if !home.pairs.line.waits_for(kind)
            && let Some(ready) = self.take_ready(home, kind, issue).await?
        {
            return Ok(ready);
        }
        // Waiting would not help.
        if let Some((holder, until)) = self.store.reached_cap(issue, self.settings.caps).await? {
            return Err(self.capped(holder, until));
        }
        for _ in 0..TRIES {
            let first = !home.pairs.line.waits_for(kind);
            let mut held = home.pairs.line.join(&call.principal, kind).map_err(|Crowded| none_ready(home, kind))?;
            // One may have come to stand ready since it was looked for, when nobody was there to be told.
            if first && let Some(ready) = self.take_ready(home, kind, issue).await? {
                held.used();
                return Ok(ready);
            }
            self.serve_the_line(home);
            match wait(&mut held, call.deadline).await {
                Some(Turn::Ready) => {}
                Some(Turn::Failed(error)) => return Err(error),
                Some(Turn::Displaced) | None => return Err(none_ready(home, kind)),
            }
            let taken = self.take_ready(home, kind, issue).await?;
            held.used();
            // Where another replica was quicker to take it, the wait begins anew.
            if let Some(ready) = taken {
                return Ok(ready);
            }
        }
        Err(none_ready(home, kind))
    }

    async fn take_ready(&self, home: &Arc<Home>, kind: PairKind, issue: &Issue) -> Result<Option<WrappingKey>, Error> {
        match self.store.take_wrapping_key(kind, home.serial(), issue, self.settings.caps).await? {
            Taken::Taken(pair) => {
                home.pairs.was_taken();
                learn_of(home, &pair);
                Ok(Some(*pair))
            }
            Taken::Dry => Ok(None),
            Taken::Capped { holder, until } => Err(self.capped(holder, until)),
        }
    }

    fn capped(&self, holder: SetHolder, until: Timestamp) -> Error {
        Error::Capped { holder, retry_after: self.until(until) }
    }

    fn until(&self, moment: Timestamp) -> Duration {
        whole_seconds(moment.since(self.clock.now()))
    }
}

/// Finds the handle of a pair that another replica made, before an import needs it.
fn learn_of(home: &Arc<Home>, pair: &WrappingKey) {
    if home.hsm.unknown_of(&[pair.object]).is_empty() {
        return;
    }
    let (home, object) = (Arc::clone(home), pair.object);
    tokio::spawn(async move { home.hsm.sweep(move |token| token.contains(&object)).await });
}

fn none_ready(home: &Home, kind: PairKind) -> Error {
    Error::NoneReady { kind, retry_after: home.pairs.next_vacancy(kind) }
}

/// Waits for the turn until shortly before the deadline; `None` where it has not come by then.
async fn wait(held: &mut Held, deadline: Option<Instant>) -> Option<Turn> {
    match deadline {
        Some(deadline) => {
            tokio::time::timeout_at(deadline.checked_sub(IN_TIME).unwrap_or(deadline).into(), held.turn()).await.ok()
        }
        None => Some(held.turn().await),
    }
}

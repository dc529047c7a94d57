//! Pairs made ahead of demand, so that nobody waits for RSA.
//!
//! One loop a process. What there is it reads from the record each time, for other replicas fill the same pool: a query is
//! nothing beside a key. It makes them by sessions of their own, which give way to all others, and the pairs stand ready
//! over restarts.

mod order;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

pub(super) use self::order::Order;
use super::capacity::Purpose;
use super::homes::Home;
use super::{Error, Service};
use crate::model::{PairKind, WrappingKey, WrappingKeySpec};

/// How long it takes at most to see what other replicas have taken.
const LOOK: Duration = Duration::from_secs(5);

/// How long takes are gathered before the pool is looked at: of a burst, one look is enough.
const GATHER: Duration = Duration::from_millis(20);

/// The pause after a pair that could not be made, and after many in a row.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// Between how many and how many pairs of a spec stand ready, for each use they are made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// With fewer, more are made.
    pub low: u32,
    /// Until there are so many. None at all where this is 0.
    pub high: u32,
}

/// What an operator sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolSettings {
    /// Sessions that make pairs ahead of demand.
    pub sessions: usize,
    /// Callers who may wait for a pair where none is ready.
    pub waiting: usize,
    /// The marks of each spec. A spec that is not named has no pool.
    pub marks: BTreeMap<WrappingKeySpec, Marks>,
}

impl PoolSettings {
    /// The sessions that are of use: none where nothing is to be made.
    pub fn fillers(&self) -> usize {
        if self.marks.values().any(|marks| marks.high > 0) { self.sessions } else { 0 }
    }
}

/// When to try again.
struct Pause {
    next: Duration,
    until: Option<Instant>,
}

impl Service {
    /// Keeps the pools filled, until the process ends: each token's by itself.
    pub async fn keep_filled(self) {
        let mut all = JoinSet::new();
        for home in self.homes.all() {
            all.spawn(self.clone().keep_one_filled(Arc::clone(home)));
        }
        // They end with the process, or where nothing is to be filled.
        let _ended = all.join_all().await;
    }

    pub(super) async fn keep_one_filled(self, home: Arc<Home>) {
        let fillers = self.settings.pool.fillers();
        if fillers == 0 {
            return;
        }
        let mut order = Order::new(self.pool_marks(&home));
        let mut making = JoinSet::new();
        let (mut pause, mut filling) = (Pause::none(), true);
        loop {
            let taken = home.pairs.taken();
            // Twice as many as sessions: one is at work while the other's record is written.
            while making.len() < 2 * fillers && !pause.is_on() {
                match self.begin_next(&home, &mut order).await {
                    Ok(Some(record)) => {
                        let (service, home) = (self.clone(), Arc::clone(&home));
                        making.spawn(async move { service.fill_with(&home, record).await });
                    }
                    Ok(None) => break,
                    Err(error) => pause.after(&error),
                }
            }
            let was_filling = std::mem::replace(&mut filling, !making.is_empty() || pause.is_on());
            if !filling {
                home.pairs.found_filled(taken);
                if was_filling {
                    tracing::info!("the pools are filled");
                }
            }
            tokio::select! {
                Some(made) = making.join_next() => match made {
                    Ok(Ok(())) => pause = Pause::none(),
                    Ok(Err(error)) => pause.after(&error),
                    Err(panicked) => pause.after(&panicked),
                },
                () = is_hungry(&home) => {}
                () = pause.over() => {}
            }
        }
    }

    /// Comes when nothing is to be made: every pool has enough, whatever was taken until now, or there is no room for more.
    pub async fn is_filled(&self) {
        for home in self.homes.all() {
            home.pairs.is_filled().await;
        }
    }

    /// The marks of each kind that imports need.
    pub(super) fn pool_marks(&self, home: &Home) -> BTreeMap<PairKind, Marks> {
        let kinds = home.profile().pair_kinds().into_iter();
        let marks = |kind: PairKind| Some((kind, *self.settings.pool.marks.get(&kind.spec)?));
        kinds.filter_map(marks).filter(|(_, marks)| marks.high > 0).collect()
    }

    /// Says so where the pools alone would take all that wrapping keys may.
    pub(super) fn warn_of_a_small_budget(&self) {
        for home in self.homes.all() {
            let most = home.capacity.for_wrapping_keys();
            let pools = self.pool_marks(home).values().fold(0, |sum: u32, marks| sum.saturating_add(marks.high));
            if pools >= most {
                tracing::warn!(
                    pools,
                    most,
                    token = home.profile().label,
                    "the pools' high marks together leave no room for sets that are out: lower them, or raise capacity.objects"
                );
            }
        }
    }

    /// Puts the next pair that the pool needs on record; `None` where it needs none, or there is no room for it.
    async fn begin_next(&self, home: &Home, order: &mut Order) -> Result<Option<WrappingKey>, Error> {
        let levels = self.store.pair_levels(home.serial()).await?;
        for (kind, level) in &levels {
            // Of another replica's making, or nobody was there to be told.
            home.pairs.stand_ready(*kind, level.ready);
        }
        let now = self.clock.now();
        let next = order.next(&levels, |kind| home.pairs.pace.asking(kind, now), |kind| home.pairs.waits_for(kind));
        match next {
            Some(kind) if home.capacity.has_room(Purpose::WrappingKey) => self.begin_pair(home, kind).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn fill_with(&self, home: &Home, record: WrappingKey) -> Result<(), Error> {
        let (object, kind) = (record.object, record.kind);
        let made = home.hsm.fill(move |token| token.make_wrapping_key(&object, kind)).await;
        self.finish_pair(home, &record, made).await?;
        home.pairs.stands_ready(kind);
        Ok(())
    }
}

/// Comes when pairs were taken, or room was made for them.
async fn is_hungry(home: &Home) {
    home.pairs.hungry.notified().await;
    tokio::time::sleep(GATHER).await;
}

impl Pause {
    fn none() -> Self {
        Self { next: PAUSE.0, until: None }
    }

    fn is_on(&self) -> bool {
        self.until.is_some_and(|until| until > Instant::now())
    }

    /// Begins where none is on yet: what was under way when the trouble began fails with it.
    fn after(&mut self, trouble: &(dyn std::error::Error + 'static)) {
        if self.is_on() {
            return;
        }
        tracing::warn!(error = trouble, seconds = self.next.as_secs_f32(), "the pool could not be filled; trying again");
        self.until = Some(Instant::now() + self.next);
        self.next = (self.next * 2).min(PAUSE.1);
    }

    /// Comes when the pause is over, or when it is time to look.
    async fn over(&self) {
        let due = self.until.filter(|until| *until > Instant::now()).unwrap_or_else(|| Instant::now() + LOOK);
        tokio::time::sleep_until(due.into()).await;
    }
}

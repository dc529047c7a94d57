//! What there is: pairs in the pools, objects on the token, and when the one runs out and the other fills up.

use std::time::Duration;

use super::capacity::Capacity;
use super::forecast::{Forecast, SPAN};
use super::homes::Home;
use super::{CapacitySettings, Error, Marks, Service};
use crate::hsm::Profile;
use crate::model::{PairKind, Timestamp};
use crate::store::{self, Level, LoadSample, Store};

/// One sample is kept for each stretch of this length.
const SAMPLED_EVERY: Duration = Duration::from_secs(5 * 60);

/// How long samples are kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How much of the token is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holdings {
    /// Objects that are on the token by the record, may be, or are about to be.
    pub live: u32,
    /// The most that may be.
    pub budget: u32,
    /// With so many, no more wrapping keys are let in, and so no more parameters are handed out once the pool is dry.
    pub for_wrapping_keys: u32,
    /// Where that goes, up to there; `None` where too little is known yet.
    pub forecast: Option<Forecast>,
}

/// One pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairStock {
    /// Of what kind.
    pub kind: PairKind,
    /// What there is.
    pub level: Level,
    /// What there is to be.
    pub marks: Marks,
    /// Until none is left, as pairs are asked for; `None` where they are not.
    pub dry_in: Option<Duration>,
}

/// Everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Stock {
    /// The token.
    pub holdings: Holdings,
    /// Callers who wait for a pair.
    pub waiting: usize,
    /// The pools, of every kind that there is something or is to be something of.
    pub pools: Vec<PairStock>,
}

impl Holdings {
    /// By the record alone, for a service that does not run here. What is forecast is forecast of its own token.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn read(
        store: &Store,
        settings: CapacitySettings,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Self, store::Error> {
        let capacity = Capacity::new(settings, profile.private_memory);
        Self::of(store, store.live_objects(&profile.serial_number).await?, &capacity, now).await
    }

    async fn of(store: &Store, live: u32, capacity: &Capacity, now: Timestamp) -> Result<Self, store::Error> {
        let samples = store.load_samples(now.before(SPAN)).await?;
        let (budget, for_wrapping_keys) = (capacity.budget(), capacity.for_wrapping_keys());
        let forecast = Forecast::new(&samples, now, live, for_wrapping_keys);
        Ok(Self { live, budget, for_wrapping_keys, forecast })
    }
}

impl Service {
    /// What there is just now in the service's own token.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn stock(&self) -> Result<Stock, Error> {
        self.stock_of(self.homes.first()).await
    }

    /// The same of each token: the service's own first, further ones with their labels.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn stocks(&self) -> Result<Vec<(Option<String>, Stock)>, Error> {
        let mut stocks = vec![(None, self.stock().await?)];
        for home in self.homes.further() {
            let Stock { holdings, waiting, pools } = self.stock_of(home).await?;
            // What was sampled, and so is forecast, is the first one's.
            let holdings = Holdings { forecast: None, ..holdings };
            stocks.push((Some(home.label().to_owned()), Stock { holdings, waiting, pools }));
        }
        Ok(stocks)
    }

    async fn stock_of(&self, home: &Home) -> Result<Stock, Error> {
        let now = self.clock.now();
        let levels = self.store.pair_levels(home.serial()).await?;
        let all_marks = self.pool_marks(home);
        let mut kinds: Vec<PairKind> = levels.keys().chain(all_marks.keys()).copied().collect();
        kinds.sort_unstable();
        kinds.dedup();
        let pool = |kind| {
            let level: Level = levels.get(&kind).copied().unwrap_or_default();
            let asking = home.pairs.pace.asking(kind, now);
            let dry_in = Duration::try_from_secs_f64(f64::from(level.ready) / asking).ok();
            PairStock { kind, level, marks: all_marks.get(&kind).copied().unwrap_or_default(), dry_in }
        };
        Ok(Stock {
            holdings: Holdings::of(&self.store, home.capacity.live(), &home.capacity, now).await?,
            waiting: home.pairs.waiting(),
            pools: kinds.into_iter().map(pool).collect(),
        })
    }

    /// Counts what there is, whatever else the janitor could not do, and keeps it on record.
    ///
    /// # Errors
    /// Where the record cannot be read or changed.
    pub async fn take_stock(&self) -> Result<(), Error> {
        self.count_objects().await?;
        self.sample_load(self.clock.now()).await?;
        Ok(())
    }

    /// Takes the record's word for how many objects there are.
    pub(super) async fn count_objects(&self) -> Result<(), store::Error> {
        for home in self.homes.all() {
            self.count_objects_in(home).await?;
        }
        Ok(())
    }

    pub(super) async fn count_objects_in(&self, home: &Home) -> Result<(), store::Error> {
        let since = home.capacity.counting();
        home.capacity.counted(self.store.live_objects(home.serial()).await?, since);
        home.pairs.hungry.notify_one();
        // With one token there is nothing to choose.
        if self.homes.are_several() {
            home.promises(self.store.keys_without_material(home.serial()).await?);
        }
        Ok(())
    }

    /// Keeps on record how full the token is: once in a while, by whichever replica is first.
    async fn sample_load(&self, now: Timestamp) -> Result<(), store::Error> {
        let every = i64::try_from(SAMPLED_EVERY.as_millis()).unwrap_or(i64::MAX);
        let at = Timestamp::from_millis(now.as_millis() - now.as_millis().rem_euclid(every));
        self.store.sample_load(LoadSample { at, objects: self.homes.first().capacity.live() }, now.before(KEPT)).await
    }
}

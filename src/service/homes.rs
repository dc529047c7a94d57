//! The tokens that keys live in: one as a rule, or several.
//!
//! A key stays in the token that it was placed in, its home token, and everything about it goes there: its wrapping keys, its material, its
//! uses. Each token is filled, swept and counted by itself, so that one that fails holds up nobody who has no business there. The first
//! is moreover the service's own: it has the keys that import tokens, statements, checkpoints and the secrets of access keys stand on.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use super::away::Away;
use super::capacity::{Capacity, Purpose};
use super::destroy::Reaper;
use super::pairs::Pairs;
use super::{Error, Service, Settings, StartError};
use crate::hsm::{self, Condition, Hsm, Profile};
use crate::model::{Key, KeySpec, KeyUsage, Origin};
use crate::store;

/// What a service is started over: its own token first.
#[derive(Debug)]
pub struct Tokens {
    pub(super) first: Hsm,
    pub(super) further: Vec<Hsm>,
    /// Further ones that are not there when it starts.
    pub(super) away: Vec<Away>,
}

impl Tokens {
    /// With a first one, and further ones that keys may live in.
    pub fn new(first: Hsm, further: Vec<Hsm>) -> Self {
        Self { first, further, away: Vec::new() }
    }

    /// And further ones that are not there yet.
    #[must_use]
    pub fn without(mut self, away: Vec<Away>) -> Self {
        self.away = away;
        self
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Hsm> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// Refuses a token that is here by two names: its room would be counted twice.
    pub(super) fn require_different(&self) -> Result<(), StartError> {
        let mut seen = HashSet::new();
        match self.all().map(|token| &token.profile().serial_number).find(|serial| !seen.insert(*serial)) {
            Some(twice) => Err(StartError::Twice(twice.clone())),
            None => Ok(()),
        }
    }
}

impl From<Hsm> for Tokens {
    fn from(only: Hsm) -> Self {
        Self::new(only, Vec::new())
    }
}

/// A token that keys live in, and what goes on about it.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) hsm: Hsm,
    pub(super) capacity: Capacity,
    pub(super) pairs: Pairs,
    pub(super) reaper: Reaper,
    /// Keys that are at home here and wait for their material, and so take no room yet: as last counted, and those since.
    promised: AtomicU32,
}

impl Home {
    pub(super) fn new(hsm: Hsm, settings: &Settings) -> Self {
        let capacity = Capacity::new(settings.capacity, hsm.profile().private_memory);
        Self {
            hsm,
            capacity,
            pairs: Pairs::new(settings.pool.waiting),
            reaper: Reaper::default(),
            promised: AtomicU32::new(0),
        }
    }

    pub(super) fn profile(&self) -> &Profile {
        self.hsm.profile()
    }

    /// What keys name it by.
    pub(super) fn serial(&self) -> &str {
        &self.profile().serial_number
    }

    /// What people name it by.
    pub(super) fn label(&self) -> &str {
        &self.profile().label
    }

    /// Whether it serves just now.
    pub(super) fn serves(&self) -> bool {
        *self.hsm.condition().borrow() == Condition::Well
    }

    /// Whether a new key could be at home here.
    fn takes(&self, spec: KeySpec, origin: Origin) -> bool {
        let imports = || self.profile().routes.iter().any(|((of, _), route)| *of == spec && route.path.is_some());
        self.serves() && if origin == Origin::External { imports() } else { self.capacity.free() > 0 }
    }

    /// Lets no key be made that could not do all that it is for.
    fn require_use(&self, spec: KeySpec, usage: KeyUsage) -> Result<(), Error> {
        match (spec, usage) {
            (KeySpec::Sm2, KeyUsage::EncryptDecrypt) => {
                self.require_sm2_decryption(|| format!("KeyUsage {usage} is not supported for KeySpec {spec}"))
            }
            _ => Ok(()),
        }
    }

    /// How much room there is for new keys, once those that are at home here have their material.
    fn room(&self) -> i64 {
        i64::from(self.capacity.free()) - i64::from(self.promised.load(Ordering::Relaxed))
    }

    /// Says how many keys are at home here and wait for their material.
    pub(super) fn promises(&self, keys: u32) {
        self.promised.store(keys, Ordering::Relaxed);
    }

    /// Lets nobody begin what the token cannot do just now: what was put on record for it would be to no purpose, a wrapping key handed out
    /// that nobody gets, or an object to be destroyed that was never made.
    pub(super) fn require_serving(&self) -> Result<(), Error> {
        if self.serves() { Ok(()) } else { Err(hsm::Error::gone().into()) }
    }

    /// Lets one more object in.
    pub(super) fn admit(&self, purpose: Purpose) -> Result<(), Error> {
        self.require_serving()?;
        self.capacity.admit(purpose).map_err(|full| Error::TokenFull { retry_after: full.look_again() })
    }

    /// Says what became of putting on record what was let in. Where the answer was lost it may be there, and counts.
    pub(super) fn record_or_withdraw<T>(&self, recorded: Result<T, store::Error>) -> Result<T, store::Error> {
        match &recorded {
            Ok(_) | Err(store::Error::Unreachable(_)) => self.capacity.recorded(),
            Err(_) => self.capacity.withdrawn(),
        }
        recorded
    }

    /// Says that so many objects are gone, or never came.
    pub(super) fn make_room(&self, objects: u64) {
        self.capacity.freed(objects);
        self.pairs.hungry.notify_one();
    }
}

/// All of them that are there, or were once, the first one first. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Homes {
    first: Arc<Home>,
    /// A place is empty for as long as its token has not come since the start.
    further: Arc<[OnceLock<Arc<Home>>]>,
}

impl Homes {
    /// With empty places for so many `away`, behind the others.
    pub(super) fn new(first: Hsm, further: Vec<Hsm>, away: usize, settings: &Settings) -> Self {
        let home = |hsm| Arc::new(Home::new(hsm, settings));
        let taken = further.into_iter().map(|hsm| OnceLock::from(home(hsm)));
        let empty = (0..away).map(|_| OnceLock::new());
        Self { first: home(first), further: taken.chain(empty).collect() }
    }

    /// Gives a token that has come the first place that is empty.
    pub(super) fn take_in(&self, home: &Arc<Home>) {
        let _taken = self.further.iter().any(|place| place.set(Arc::clone(home)).is_ok());
    }

    /// Whether one has not come yet.
    pub(super) fn misses_any(&self) -> bool {
        self.further.iter().any(|place| place.get().is_none())
    }

    /// The one that is the service's own.
    pub(super) fn first(&self) -> &Arc<Home> {
        &self.first
    }

    pub(super) fn further(&self) -> impl Iterator<Item = &Arc<Home>> {
        self.further.iter().filter_map(OnceLock::get)
    }

    /// Whether there are several, be they there or not.
    pub(super) fn are_several(&self) -> bool {
        !self.further.is_empty()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Home>> {
        std::iter::once(&self.first).chain(self.further())
    }

    /// The one of this serial number.
    pub(super) fn of(&self, serial: &str) -> Option<&Arc<Home>> {
        self.all().find(|home| home.serial() == serial)
    }

    /// Where a new key is to live: of those that can do what it is for, serve and can take it, where there is most room; of several, the
    /// first. Where there is none of them, what was asked of it says why.
    ///
    /// # Errors
    /// Where the key could not do there what it is for.
    pub(super) fn for_new(&self, spec: KeySpec, usage: KeyUsage, origin: Origin) -> Result<&Arc<Home>, Error> {
        let able = || self.all().filter(|home| home.require_use(spec, usage).is_ok());
        let fit = able().filter(|home| home.takes(spec, origin));
        let home = fit.min_by_key(|home| Reverse(home.room())).or_else(|| able().next()).unwrap_or(&self.first);
        home.require_use(spec, usage)?;
        if origin == Origin::External {
            home.promised.fetch_add(1, Ordering::Relaxed);
        }
        Ok(home)
    }
}

impl Service {
    /// The token that is the service's own.
    pub(super) fn own(&self) -> &Hsm {
        &self.homes.first().hsm
    }

    /// The key's home token.
    ///
    /// # Errors
    /// Where this replica does not serve it: another one may.
    pub(super) fn home(&self, key: &Key) -> Result<&Arc<Home>, Error> {
        self.homes.of(&key.token).ok_or_else(|| self.elsewhere(key, &key.token))
    }

    pub(super) fn elsewhere(&self, key: &Key, token: &str) -> Error {
        Error::Elsewhere { arn: self.arn(key), token: token.to_owned() }
    }
}

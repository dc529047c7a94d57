//! Database and token belong together, or the service does not start.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::access_keys::AccessKeys;
use super::homes::{Homes, Tokens};
use super::statements::Signers;
use super::{Away, Error, Gate, Health, Service, Settings};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::hsm::{self, Hsm, Listed};
use crate::model::{InstallationId, ObjectId, ObjectKind, Skew};
use crate::store::{self, Store};

/// Why the service does not start, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The two are not a pair.
    #[error(
        "the token belongs to installation {token}, the database to installation {database}: check hsm.token_label and store.url"
    )]
    Foreign {
        /// The token's.
        token: InstallationId,
        /// The database's.
        database: InstallationId,
    },
    /// A token is not there with which the database was never served: it may be misnamed.
    #[error("it is not there, and all others that this installation was served with are: check how it is named")]
    Away(#[source] Box<hsm::OpenError>),
    /// A token beside the first hands out what it must not.
    #[error(transparent)]
    Unfit(#[from] hsm::Unfit),
    /// Something is wrong with a token beside the first.
    #[error("the further token {label:?}")]
    Further {
        /// Its label.
        label: String,
        /// What.
        source: Box<StartError>,
    },
    /// A new database for a token in use.
    #[error("the token belongs to installation {0}, but the database is new: restore its database, or use another token")]
    LostDatabase(InstallationId),
    /// A token without the mark for a database in use.
    #[error(
        "the database belongs to installation {0}, but the token does not: check that it is the right token, or restore it"
    )]
    LostToken(InstallationId),
    /// The first is a further one of this installation.
    #[error(
        "the token is not the one that this installation signs with, but another of its own: make that one [hsm], and this one [[hsm.further]]"
    )]
    NotFirst,
    /// Neither has the mark, or setting up was interrupted.
    #[error("token and database are not set up, or not wholly: run `keyferryd init` once")]
    NotInstalled,
    /// Two names of one token.
    #[error("the token with serial number {0:?} is configured twice: remove one of the two")]
    Twice(String),
    /// The mark is there, its MAC key is not.
    #[error("the token has no key for import tokens: run `keyferryd init` once more")]
    NoMacKey,
    /// The mark is there, the key that access keys are derived under is not.
    #[error("the token has no key for the secrets of access keys: run `keyferryd init` once more")]
    NoAccessKeysKey,
    /// The mark is there, a key that signs is not.
    #[error("the token has no {0} key, which statements are signed with: run `keyferryd init` once more")]
    NoSigningKey(ObjectKind),
    /// The clock is off.
    #[error(
        "this machine's clock is {skew} the database's, and store.max_clock_skew_seconds permits {} s: synchronise the clocks of both, for example by NTP (chronyc tracking, timedatectl), and start again",
        most.as_secs()
    )]
    Clock {
        /// How far.
        skew: Skew,
        /// How far it may be.
        most: Duration,
    },
    /// The token fails.
    #[error("the token")]
    Hsm(#[from] hsm::Error),
    /// The database takes no changes.
    #[error("the database cannot be written to: is its disk full or read-only, or is it a standby?")]
    UnwritableStore(#[source] store::Error),
    /// The token takes no keys.
    #[error("the token does not keep a key: is it full, or its disk full or read-only?")]
    UnwritableToken(#[source] hsm::Error),
    /// The database fails.
    #[error("the database")]
    Store(#[from] store::Error),
    /// Recovery broke off.
    #[error("what was cut off before could not be made good")]
    Recovery(#[source] Error),
}

/// Makes database and tokens an installation. Doing it again, after it broke off, or with a further token, completes it and changes
/// nothing else.
///
/// # Errors
/// Where one of them already belongs to another installation.
pub async fn install(store: &Store, tokens: impl Into<Tokens>) -> Result<InstallationId, StartError> {
    let tokens = tokens.into();
    tokens.require_different()?;
    let id = install_first(store, &tokens.first).await?;
    for token in &tokens.further {
        install_further(store, token, id).await.map_err(|source| further(token, source))?;
    }
    Ok(id)
}

async fn install_first(store: &Store, hsm: &Hsm) -> Result<InstallationId, StartError> {
    let (database, token, objects) = marks(store, hsm).await?;
    require_first(store, &objects).await?;
    let id = match (database, token) {
        (Some(database), Some(token)) if database == token => database,
        (Some(database), Some(token)) => return Err(StartError::Foreign { token, database }),
        (None, Some(token)) => return Err(StartError::LostDatabase(token)),
        (Some(database), None) if !objects.in_use && store.is_empty().await? => database,
        (Some(database), None) => return Err(StartError::LostToken(database)),
        (None, None) => {
            let id = InstallationId::random();
            store.install(id).await?;
            crate::failpoint::reach("init.recorded");
            id
        }
    };
    make_mac_key_where_missing(hsm, &objects).await?;
    super::access_keys::make_missing(hsm, &objects).await?;
    super::statements::make_missing(hsm, &objects).await?;
    // The mark comes last: a token that has it has all.
    if token.is_none() {
        hsm.call(move |token| token.install(&id)).await?;
    }
    Ok(id)
}

/// A further token has no key of the service's but the one that shows that it works.
async fn install_further(store: &Store, hsm: &Hsm, id: InstallationId) -> Result<(), StartError> {
    let (_, token, objects) = marks(store, hsm).await?;
    match token {
        Some(token) if token != id => return Err(StartError::Foreign { token, database: id }),
        None if objects.in_use || is_known(store, hsm).await? => return Err(StartError::LostToken(id)),
        _ => {}
    }
    make_mac_key_where_missing(hsm, &objects).await?;
    if token.is_none() {
        hsm.call(move |token| token.install(&id)).await?;
    }
    Ok(())
}

async fn make_mac_key_where_missing(hsm: &Hsm, objects: &Listed) -> Result<(), hsm::Error> {
    if mac_key(objects).is_none() {
        let key = ObjectId::random();
        hsm.make(move |token| token.make_mac_key(&key)).await?;
        crate::failpoint::reach("init.keyed");
    }
    Ok(())
}

/// Whether the database was served with this token before.
async fn is_known(store: &Store, hsm: &Hsm) -> Result<bool, store::Error> {
    Ok(store.tokens().await?.contains(&hsm.profile().serial_number))
}

/// Refuses one of several tokens that has not what the first has: what it lacks must not be made a second time.
async fn require_first(store: &Store, objects: &Listed) -> Result<(), StartError> {
    let lacks_all = [&objects.access_keys, &objects.attestations, &objects.audits].iter().all(|keys| keys.is_empty());
    if lacks_all && store.tokens().await?.len() > 1 { Err(StartError::NotFirst) } else { Ok(()) }
}

fn further(hsm: &Hsm, source: StartError) -> StartError {
    StartError::Further { label: hsm.profile().label.clone(), source: Box::new(source) }
}

impl Service {
    /// Starts over a store and tokens that belong together, and makes good what was cut off before.
    ///
    /// # Errors
    /// Where they do not belong together, or fail.
    pub async fn start(
        store: Store,
        tokens: impl Into<Tokens>,
        gate: Arc<Gate>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, StartError> {
        let mut tokens = tokens.into();
        tokens.require_different()?;
        let (installation, objects) = belonging(&store, &tokens.first).await?;
        require_first(&store, &objects).await?;
        let mac_key = own_mac_key(&tokens.first, &objects)?;
        let access_keys = Arc::new(AccessKeys::find(&objects)?);
        let signers = Arc::new(Signers::find(&tokens.first, &objects).await?);
        let mut own = objects.own_keys();
        for token in &tokens.further {
            let objects = belonging_further(&store, token, installation).await.map_err(|source| further(token, source))?;
            own.extend(objects.own_keys());
        }
        let started_at = clock.now();
        let serials: Vec<&str> = tokens.all().map(|token| token.profile().serial_number.as_str()).collect();
        let missed = store.tokens().await?.iter().filter(|known| !serials.contains(&known.as_str())).count();
        if tokens.away.len() > missed {
            let Away { opening, why } = tokens.away.swap_remove(missed);
            let source = Box::new(StartError::Away(Box::new(why)));
            return Err(StartError::Further { label: opening.name().to_owned(), source });
        }
        store.serve_with(&serials, started_at).await?;
        let Tokens { first, further, away } = tokens;
        let homes = Homes::new(first, further, away.len(), &settings);
        let settings = Arc::new(settings);
        // All of it has just been asked for something.
        let labels = homes.further().map(|home| home.profile().label.clone());
        let mut health = Health::all_well(started_at, labels);
        away.iter().for_each(|away| health.misses(away, started_at));
        let health = Arc::new(watch::Sender::new(health));
        let service = Self {
            store,
            homes,
            clock,
            settings,
            gate,
            installation,
            mac_key,
            access_keys,
            signers,
            started_at,
            health,
            counted: Arc::default(),
            housework: Arc::default(),
            touch: Arc::default(),
            awaited: Arc::new(Mutex::new(away)),
        };
        service.recover(&own).await.map_err(StartError::Recovery)?;
        service.rehearse().await?;
        service.count_objects().await?;
        service.warn_of_a_small_budget();
        Ok(service)
    }
}

/// The installation that database and token both are, and what the token holds.
pub(super) async fn belonging(store: &Store, hsm: &Hsm) -> Result<(InstallationId, Listed), StartError> {
    let (database, token, objects) = marks(store, hsm).await?;
    match (database, token) {
        (Some(database), Some(token)) if database == token => Ok((database, objects)),
        (Some(database), Some(token)) => Err(StartError::Foreign { token, database }),
        (None, Some(token)) => Err(StartError::LostDatabase(token)),
        (Some(_), None) if store.is_empty().await? && !objects.in_use => Err(StartError::NotInstalled),
        (Some(database), None) => Err(StartError::LostToken(database)),
        (None, None) => Err(StartError::NotInstalled),
    }
}

/// What a further token of the installation holds, which is told its own key.
pub(super) async fn belonging_further(store: &Store, hsm: &Hsm, installation: InstallationId) -> Result<Listed, StartError> {
    let (_, token, objects) = marks(store, hsm).await?;
    match token {
        Some(token) if token == installation => {}
        Some(token) => return Err(StartError::Foreign { token, database: installation }),
        None if objects.in_use || is_known(store, hsm).await? => return Err(StartError::LostToken(installation)),
        // One that keys never were in can still become one of them.
        None => return Err(StartError::NotInstalled),
    }
    own_mac_key(hsm, &objects)?;
    Ok(objects)
}

/// Whose database and token are, and what the token holds. Lists it, so that no request has to search.
async fn marks(store: &Store, hsm: &Hsm) -> Result<(Option<InstallationId>, Option<InstallationId>, Listed), StartError> {
    let database = store.installation().await?;
    let (token, objects) = hsm.sweep(|token| Ok((token.installation()?, token.list()?))).await?;
    Ok((database, token, objects))
}

/// Tells the token which key is to show that it works; the first one authenticates import tokens with it too.
fn own_mac_key(hsm: &Hsm, objects: &Listed) -> Result<ObjectId, StartError> {
    let key = mac_key(objects).ok_or(StartError::NoMacKey)?;
    hsm.use_mac_key(key);
    Ok(key)
}

fn mac_key(objects: &Listed) -> Option<ObjectId> {
    always_the_same(&objects.macs)
}

/// One of several, where two ran `init` at once: any will do, as long as it is always the same.
pub(super) fn always_the_same(keys: &[ObjectId]) -> Option<ObjectId> {
    keys.iter().min().copied()
}

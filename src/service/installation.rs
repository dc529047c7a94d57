//! Database and token belong together, or the service does not start.

use std::sync::Arc;
use std::time::Duration;

use super::access_keys::AccessKeys;
use super::capacity::Capacity;
use super::destroy::Reaper;
use super::pairs::Pairs;
use super::statements::Signers;
use super::{Error, Gate, Health, Service, Settings};
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
    /// A new database for a token in use.
    #[error("the token belongs to installation {0}, but the database is new: restore its database, or use another token")]
    LostDatabase(InstallationId),
    /// A token without the mark for a database in use.
    #[error(
        "the database belongs to installation {0}, but the token does not: check that it is the right token, or restore it"
    )]
    LostToken(InstallationId),
    /// Neither has the mark, or setting up was interrupted.
    #[error("token and database are not set up, or not wholly: run `keyferryd init` once")]
    NotInstalled,
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

/// Makes database and token an installation. Doing it again, or after it broke off, completes it and changes nothing else.
///
/// # Errors
/// Where one of the two already belongs to another installation.
pub async fn install(store: &Store, hsm: &Hsm) -> Result<InstallationId, StartError> {
    let (database, token, objects) = marks(store, hsm).await?;
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
    if mac_key(&objects).is_none() {
        let key = ObjectId::random();
        hsm.make(move |token| token.make_mac_key(&key)).await?;
        crate::failpoint::reach("init.keyed");
    }
    super::access_keys::make_missing(hsm, &objects).await?;
    super::statements::make_missing(hsm, &objects).await?;
    // The mark comes last: a token that has it has all.
    if token.is_none() {
        hsm.call(move |token| token.install(&id)).await?;
    }
    Ok(id)
}

impl Service {
    /// Starts over a store and a token that belong together, and makes good what was cut off before.
    ///
    /// # Errors
    /// Where they do not belong together, or fail.
    pub async fn start(
        store: Store,
        hsm: Hsm,
        gate: Arc<Gate>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, StartError> {
        let (installation, objects) = belonging(&store, &hsm).await?;
        let mac_key = mac_key(&objects).ok_or(StartError::NoMacKey)?;
        hsm.use_mac_key(mac_key);
        let access_keys = Arc::new(AccessKeys::find(&objects)?);
        let signers = Arc::new(Signers::find(&hsm, &objects).await?);
        let started_at = clock.now();
        let capacity = Arc::new(Capacity::new(settings.capacity, hsm.profile().private_memory));
        let pairs = Arc::new(Pairs::new(settings.pool.waiting));
        let (settings, reaper) = (Arc::new(settings), Reaper::default());
        // All of it has just been asked for something.
        let health = Arc::new(watch::Sender::new(Health::all_well(started_at)));
        let service = Self {
            store,
            hsm,
            clock,
            settings,
            gate,
            installation,
            mac_key,
            access_keys,
            signers,
            started_at,
            capacity,
            pairs,
            reaper,
            health,
            counted: Arc::default(),
            housework: Arc::default(),
        };
        service.recover(&objects.own_keys()).await.map_err(StartError::Recovery)?;
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

/// Whose database and token are, and what the token holds. Lists it, so that no request has to search.
async fn marks(store: &Store, hsm: &Hsm) -> Result<(Option<InstallationId>, Option<InstallationId>, Listed), StartError> {
    let database = store.installation().await?;
    let (token, objects) = hsm.sweep(|token| Ok((token.installation()?, token.list()?))).await?;
    Ok((database, token, objects))
}

fn mac_key(objects: &Listed) -> Option<ObjectId> {
    always_the_same(&objects.macs)
}

/// One of several, where two ran `init` at once: any will do, as long as it is always the same.
pub(super) fn always_the_same(keys: &[ObjectId]) -> Option<ObjectId> {
    keys.iter().min().copied()
}

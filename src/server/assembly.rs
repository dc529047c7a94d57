//! The parts of a service, put together as the configuration says.

mod gate;
mod vendor;

pub(super) use gate::policies;

use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use super::peers::{self, Remote};
use super::pin;
use super::private::{Exposed, require_private};
use crate::clock::{Clock, MovableClock, SystemClock};
use crate::config::{self, Config};
use crate::hsm::{self, Hsm, OpenError, Opening, Profile, Unfit};
use crate::model::{SetCaps, WrappingKeySpec};
use crate::service::{self, Away, CapacitySettings, Holdings, Marks, PoolSettings, PublicKeys, Service, Settings, Tokens};
use crate::store::{self, Store};
use crate::{audit, policy};

/// Why a service cannot be put together: what is wrong and what to do, with the cause behind it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no PIN.
    #[error(transparent)]
    Pin(#[from] pin::Error),
    /// The policies do not hold up.
    #[error(transparent)]
    Policies(#[from] policy::Error),
    /// Others can read them.
    #[error(transparent)]
    Exposed(#[from] Exposed),
    /// The audit log does not open.
    #[error(transparent)]
    Audit(#[from] audit::OpenError),
    /// The token does not open.
    #[error(transparent)]
    Token(#[from] OpenError),
    /// The token hands out what it must not.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The store does not open.
    #[error("the store does not open: check store.url, and that its place can be written to")]
    Store(#[source] store::Error),
    /// Token and store do not belong together, or fail.
    #[error(transparent)]
    Service(#[from] service::StartError),
    /// There is no such access key, or none is made.
    #[error(transparent)]
    AccessKey(#[from] service::AccessKeyError),
    /// What the token's vendor attests cannot be read.
    #[error(
        "what the vendor attests cannot be read from {path:?}: check hsm.vendor_attestation_file, which is to hold 1 to 65536 bytes"
    )]
    VendorAttestation {
        /// `hsm.vendor_attestation_file`.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The thread that opened the token ended.
    #[error("opening the token broke off")]
    BrokeOff(#[source] tokio::task::JoinError),
}

/// Opens store and token, puts the service over them, and has it keep house. Its clock is the machine's, but where there is one
/// that can be moved.
///
/// # Errors
/// Where a part fails; the message says what to do.
pub async fn assemble(config: &Config, movable_clock: Option<MovableClock>) -> Result<Arc<Service>, StartError> {
    let Config {
        version: _,
        server: _,
        json: _,
        hsm,
        store,
        policy: _,
        audit,
        limits: _,
        kms,
        import,
        pool,
        capacity,
        janitor,
        log: _,
        metrics: _,
        traces: _,
        peer,
    } = config;
    // The store first: it is quicker to say no, and a PIN is not tried in vain.
    let max_clock_skew = store.max_clock_skew;
    let store = open_store(store).await?;
    store.hold().map_err(StartError::Store)?;
    let clock: Arc<dyn Clock> = match movable_clock.clone() {
        Some(clock) => Arc::new(clock),
        None => Arc::new(SystemClock),
    };
    service::require_clock(&store, &*clock, max_clock_skew).await?;
    let installation = store.installation().await.map_err(StartError::Store)?;
    let gate = gate::open(config, installation.ok_or(service::StartError::NotInstalled)?).await?;
    let pool = pool_settings(pool);
    let vendor_attestation = hsm.vendor_attestation_file.as_deref().map(vendor::read).transpose()?.unwrap_or_default();
    let tokens = open_tokens_there(hsm, Wanted { fillers: pool.fillers(), sm2: kms.sm2 }).await?;
    let config::Import { lifetime, max_attempts } = *import;
    let config::Capacity { objects: _, import_share: _, sets_per_principal, sets_per_key } = *capacity;
    let caps = SetCaps { per_key: sets_per_key, per_principal: sets_per_principal };
    let capacity = capacity_settings(capacity);
    let config::Kms { realm, sm2 } = kms.clone();
    let settings = Settings {
        realm,
        sm2,
        lifetime,
        max_attempts,
        max_clock_skew,
        caps,
        capacity,
        pool,
        vendor_attestation,
        peers: Arc::new(Remote::new(peer.clone())),
        movable_clock,
    };
    let service = Service::start(store, tokens, gate, clock, settings).await?;
    tokio::spawn(service.clone().keep_house(janitor.interval));
    tokio::spawn(service.clone().keep_filled());
    tokio::spawn(service.clone().keep_signing(audit.checkpoint));
    tokio::spawn(service.clone().watch_health());
    tokio::spawn(service.clone().await_tokens());
    tokio::spawn(service.clone().keep_in_touch());
    Ok(Arc::new(service))
}

/// Makes a store and its tokens each other's, for a new installation or with a further token.
///
/// # Errors
/// Where a part fails, or belongs to another installation.
pub async fn init(config: &Config) -> Result<(), StartError> {
    let store = open_store(&config.store).await?;
    let tokens = open_tokens(config).await?;
    service::install(&store, tokens).await?;
    store.close().await;
    Ok(())
}

/// What the service signs with, as the token itself shows it, without the store.
///
/// # Errors
/// Where the token does not open, or has no such keys.
pub async fn public_keys(config: &Config) -> Result<PublicKeys, StartError> {
    Ok(service::public_keys(&open_token(&config.hsm, Wanted::to_look(config)).await?).await?)
}

/// Finds out what the token can do, without the store, and whether it is fit for anything or not.
///
/// # Errors
/// Where the token does not open.
pub async fn examine(config: &Config, token: &config::Hsm) -> Result<Profile, StartError> {
    Ok(open_any_token(token, Wanted::to_look(config)).await?.profile().clone())
}

/// How full the token is and when it will be full, by the record, which is only read.
///
/// # Errors
/// Where there is no record that this program reads.
pub async fn holdings(config: &Config, profile: &Profile) -> Result<Holdings, store::Error> {
    let store = Store::open_to_read(config.store.url.expose()).await?;
    let holdings = Holdings::read(&store, capacity_settings(&config.capacity), profile, SystemClock.now()).await;
    store.close().await;
    holdings
}

/// Refuses files with secrets that others can read; those that are not there are not missed. Loads the policies.
///
/// # Errors
/// Where there is one, or a policy does not hold up; the message says what to do.
pub fn examine_files(config: &Config) -> Result<(), StartError> {
    for token in config.hsm.all() {
        pin::check(&token.pin)?;
    }
    let private_key = config.server.tls.as_ref().map(|tls| require_private(super::tls::PRIVATE_KEY, &tls.private_key));
    private_key.unwrap_or(Ok(()))?;
    for peer in &config.peer {
        require_private(peers::PRIVATE_KEY, &peer.private_key)?;
    }
    policies(&config.policy).map(drop)
}

/// Makes a token of this label in the first free slot. Blocks.
///
/// # Errors
/// Where the module does not load, has no free slot, or refuses.
pub fn initialise_token(module: &Path, label: &str, so_pin: &SecretString, pin: &SecretString) -> Result<(), StartError> {
    Ok(hsm::initialise_token(module, label, so_pin, pin)?)
}

pub(super) async fn open_store(config: &config::Store) -> Result<Store, StartError> {
    Store::open(config.url.expose()).await.map_err(StartError::Store)
}

fn capacity_settings(config: &config::Capacity) -> CapacitySettings {
    CapacitySettings { objects: config.objects, import_share: config.import_share }
}

fn pool_settings(config: &config::Pool) -> PoolSettings {
    let config::Pool { sessions, waiting, rsa_2048, rsa_3072, rsa_4096 } = *config;
    let specs = [WrappingKeySpec::Rsa2048, WrappingKeySpec::Rsa3072, WrappingKeySpec::Rsa4096];
    let marks = specs.into_iter().zip([rsa_2048, rsa_3072, rsa_4096]);
    let marks = marks.map(|(spec, config::Marks { low, high })| (spec, Marks { low, high })).collect();
    PoolSettings { sessions, waiting, marks }
}

/// What is wanted of a token beyond what its own settings say.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    fillers: usize,
    sm2: bool,
}

impl Wanted {
    /// Nothing is made ahead of demand.
    pub(super) fn to_look(config: &Config) -> Self {
        Self { fillers: 0, sm2: config.kms.sm2 }
    }
}

/// Opens the tokens that are configured. A further one may be away: what is in the others is served without it.
async fn open_tokens_there(config: &config::Hsm, wanted: Wanted) -> Result<Tokens, StartError> {
    let first = open_token(config, wanted).await?;
    let (mut further, mut away) = (Vec::new(), Vec::new());
    for token in &config.further {
        let token = token.clone();
        let settings = tokio::task::spawn_blocking(move || hsm_settings(&token, wanted));
        let mut opening = Opening::new(settings.await.map_err(StartError::BrokeOff)??);
        match opening.attempt().await {
            Ok(hsm) => {
                hsm.profile().isolation.require_fit()?;
                further.push(hsm);
            }
            Err(why) if why.may_pass() => {
                let error = &why as &dyn std::error::Error;
                tracing::warn!(error, token = opening.name(), "a further token is not there: the service starts without it");
                away.push(Away { opening, why });
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(Tokens::new(first, further).without(away))
}

/// Opens every token that is configured.
async fn open_tokens(config: &Config) -> Result<Tokens, StartError> {
    let wanted = Wanted::to_look(config);
    let first = open_token(&config.hsm, wanted).await?;
    let mut further = Vec::new();
    for token in &config.hsm.further {
        further.push(open_token(token, wanted).await?);
    }
    Ok(Tokens::new(first, further))
}

/// Opens a token that keeps what it is told to keep.
pub(super) async fn open_token(config: &config::Hsm, wanted: Wanted) -> Result<Hsm, StartError> {
    let hsm = open_any_token(config, wanted).await?;
    hsm.profile().isolation.require_fit()?;
    Ok(hsm)
}

async fn open_any_token(config: &config::Hsm, wanted: Wanted) -> Result<Hsm, StartError> {
    let config = config.clone();
    let open = move || Ok(Hsm::open(hsm_settings(&config, wanted)?)?);
    tokio::task::spawn_blocking(open).await.map_err(StartError::BrokeOff)?
}

/// What it takes to open a token. Reads the PIN, perhaps from somebody at the terminal, and blocks meanwhile.
fn hsm_settings(config: &config::Hsm, Wanted { fillers, sm2 }: Wanted) -> Result<hsm::Settings, StartError> {
    let config::Hsm {
        module,
        token,
        pin: source,
        sessions,
        queue,
        longest_call,
        host_assisted,
        vendor_attestation_file: _,
        further: _,
    } = config.clone();
    let token = match token {
        config::TokenName::Label(label) => hsm::TokenName::Label(label),
        config::TokenName::Serial(serial) => hsm::TokenName::Serial(serial),
    };
    let pin = pin::read(&source)?;
    Ok(hsm::Settings { module, token, pin, sessions, fillers, queue, longest_call, host_assisted, sm2 })
}

//! The use cases. What a caller may ask for, in the domain's words; every wire protocol is a front to this.
//!
//! One rule runs through all of it: a claim is recorded before the token acts, and settled after. Whatever the token holds is
//! named by some row from before it exists until after it is gone, so a crash leaves nothing that nobody knows of.

mod access_keys;
mod aliases;
mod approval;
mod away;
mod capacity;
mod census;
mod checkpoints;
mod clock;
mod cryptography;
mod destroy;
mod error;
mod forecast;
mod gate;
mod health;
mod homes;
mod import;
mod installation;
mod janitor;
mod key_policies;
mod keys;
mod lost;
mod materials;
mod pages;
mod pairs;
mod parameters;
mod peers;
mod pool;
mod recovery;
mod regions;
mod request;
mod resource_tags;
mod rotations;
mod skew;
mod sm2;
mod specs;
mod statements;
mod stock;
mod tags;
mod tokens;
mod unseen;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use access_keys::{AccessKeyError, Issued, create_access_key, disable_access_key, list_access_keys, rotate_access_key};
pub use away::Away;
pub use capacity::CapacitySettings;
pub use error::{Error, Kind};
pub use forecast::Forecast;
pub use gate::{Caller, Entry, Gate, Limits, Trail};
pub use health::{Health, Part, PartHealth, Trouble};
pub use homes::Tokens;
pub use installation::{StartError, install};
pub use janitor::Rounds;
pub use peers::{Heard, NoPeers, Peers, Untold};
pub use pool::{Marks, PoolSettings};
pub use request::{
    AliasPage, AliasShown, AliasTarget, Call, CreateKey, DataKey, Decrypt, Decrypted, DeleteImportedKeyMaterial,
    DeriveSharedSecret, Described, EnableKeyRotation, Encrypt, Encrypted, EncryptionContext, GenerateDataKey, GenerateMac,
    GenerateRandom, GetKeyPolicy, GetParametersForImport, ImportKeyMaterial, Imported, ListAliases, ListKeyRotations,
    ListKeys, ListOfKey, ListPendingImports, Mac, MaterialDeleted, Options, Page, Parameters, PendingPage, PolicyNamePage,
    Proof, PublicKey, PutKeyPolicy, ReEncrypt, ReEncrypted, Related, ReplicateKey, Replicated, RotationPage, RotationShown,
    RotationStatus, Ruling, ScheduleKeyDeletion, Scheduled, ServerInfo, SharedSecret, Sign, Signed, TagPage, TagResource,
    UntagResource, UpdateKeyDescription, UpdatePrimaryRegion, Verify, VerifyMac,
};
pub use skew::require_clock;
pub use statements::{PublicKeys, public_keys};
pub use stock::{Holdings, PairStock, Stock};

use tokio::sync::watch;

use access_keys::AccessKeys;
use homes::Homes;
use statements::Signers;

use crate::clock::{Clock, MovableClock};
use crate::hsm::{Profile, Vitals};
use crate::model::{
    Account, Action, InstallationId, Key, KeyArn, KeyId, KeyRef, Named, ObjectId, Realm, Refused, SetCaps, Timestamp,
};
use crate::policy::Circumstances;
use crate::store::{self, Store};
pub use crate::store::{Census, HORIZONS, Level};

/// How often a change is tried anew when others change the same key.
const TRIES: usize = 20;

/// What an operator sets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Partition and region.
    pub realm: Realm,
    /// Whether SM2 is offered: as wrapping key spec, wrapping algorithm and key spec.
    pub sm2: bool,
    /// How long a set of parameters lasts: at most 24 h.
    pub lifetime: Duration,
    /// How many failed imports end a set.
    pub max_attempts: u32,
    /// The most that the clock may differ from the database's.
    pub max_clock_skew: Duration,
    /// How many sets may be live at once.
    pub caps: SetCaps,
    /// How many objects a token may hold: each of them, where there are several.
    pub capacity: CapacitySettings,
    /// The pairs that stand ready.
    pub pool: PoolSettings,
    /// What the token's vendor attests, to be handed out as it is; empty where there is nothing.
    pub vendor_attestation: Vec<u8>,
    /// The services of other Regions.
    pub peers: Arc<dyn Peers>,
    /// What AdvanceClock moves, where it may: for tests of what takes a day, and never for a service that others use.
    pub movable_clock: Option<MovableClock>,
}

/// The use cases over one store and the tokens that keys live in. Cheap to clone; clones are the same service.
#[derive(Clone)]
pub struct Service {
    store: Store,
    homes: Homes,
    clock: Arc<dyn Clock>,
    settings: Arc<Settings>,
    gate: Arc<Gate>,
    installation: InstallationId,
    mac_key: ObjectId,
    access_keys: Arc<AccessKeys>,
    signers: Arc<Signers>,
    started_at: Timestamp,
    health: Arc<watch::Sender<Health>>,
    counted: Arc<census::Counted>,
    housework: Arc<janitor::Housework>,
    touch: Arc<regions::Touch>,
    /// Until they are waited for.
    awaited: Arc<Mutex<Vec<Away>>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("installation", &self.installation).finish_non_exhaustive()
    }
}

impl Service {
    /// Nothing secret.
    ///
    /// # Errors
    /// Where the caller may not know.
    pub fn server_info(&self, call: &Call) -> Result<ServerInfo, Error> {
        call.require_in_account(&self.gate, Action::GetServerInfo, Circumstances::default())?;
        Ok(ServerInfo {
            account: call.principal.account.clone(),
            installation: self.installation,
            realm: self.settings.realm.clone(),
            started_at: self.started_at,
            store: self.store.kind(),
            public_keys: self.signers.public_keys(),
            health: self.health.borrow().clone(),
        })
    }

    /// What the probe at start found of each token, the service's own first.
    ///
    /// # Errors
    /// Where the caller may not know.
    pub fn token_profiles(&self, call: &Call) -> Result<Vec<&Profile>, Error> {
        call.require_in_account(&self.gate, Action::GetTokenProfile, Circumstances::default())?;
        Ok(self.homes.all().map(|home| home.profile()).collect())
    }

    /// Comes when calls hang in a token so that only another process can help, as [`Service::watch_health`] sees.
    pub async fn gives_up(&self) {
        let mut health = self.health();
        let given_up = health.wait_for(Health::has_given_up);
        // Where nobody can say it any more, the service is at its end.
        let _ended = given_up.await;
    }

    /// Whether threads may be inside the module of a token, and not come back.
    pub fn may_hang(&self) -> bool {
        self.homes.misses_any() || self.vitals().iter().any(|(_, vitals)| vitals.hanging > 0)
    }

    /// What the probe at start found.
    pub fn profile(&self) -> &Profile {
        self.own().profile()
    }

    /// The partition and region that it is.
    pub fn realm(&self) -> &Realm {
        &self.settings.realm
    }

    /// How the tokens are, and what has been done for them: the service's own first, further ones with their labels.
    pub fn vitals(&self) -> Vec<(Option<&str>, Vitals)> {
        let further = self.homes.further().map(|home| (Some(home.label()), home.hsm.vitals()));
        std::iter::once((None, self.own().vitals())).chain(further).collect()
    }

    /// Where every call comes in.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    fn arn(&self, key: &Key) -> KeyArn {
        self.settings.realm.arn(&key.account, &key.id)
    }

    /// Puts the key's name to its refusal.
    fn refusal(&self, key: &Key) -> impl Fn(Refused) -> Error + use<> {
        let arn = self.arn(key);
        move |refused| match refused {
            Refused::Invalid(invalid) => Error::Invalid(invalid),
            refused => Error::Key { arn: arn.clone(), refused },
        }
    }

    async fn look_up(&self, account: &Account, text: String, takes: KeyRef) -> Result<Key, Error> {
        let id = match self.settings.realm.resolve(text, account, takes)? {
            Named::Key(id) => id,
            Named::Alias(name) => self.alias(account, &name).await?.key,
        };
        self.load(account, &id).await
    }

    /// The key that is meant, where the caller may do to it what they came for.
    async fn permitted(
        &self,
        call: &Call,
        action: Action,
        text: String,
        takes: KeyRef,
        circumstances: Circumstances,
    ) -> Result<Key, Error> {
        let key = self.look_up(&call.principal.account, text, takes).await?;
        call.require(&self.gate, action, &self.arn(&key), &key, circumstances)?;
        Ok(key)
    }

    async fn load(&self, account: &Account, id: &KeyId) -> Result<Key, Error> {
        let found = self.store.key(account, id).await?;
        Ok(found.ok_or_else(|| self.settings.realm.absent(account, id))?)
    }

    /// Changes a key's record; tries anew where another change came between. What `change` dooms is destroyed soon after.
    async fn change<T>(
        &self,
        account: &Account,
        id: &KeyId,
        change: impl Fn(&mut Key, Timestamp) -> Result<(T, Vec<ObjectId>), Refused>,
    ) -> Result<(Key, T), Error> {
        for _ in 0..TRIES {
            let before = self.load(account, id).await?;
            let mut key = before.clone();
            let now = self.clock.now();
            let (outcome, doomed) = change(&mut key, now).map_err(self.refusal(&before))?;
            key.note_relations(&before, now);
            if key == before {
                return Ok((key, outcome));
            }
            match self.store.save_key(&key, &doomed, now).await {
                Ok(()) => {
                    crate::failpoint::reach("change.saved");
                    if !doomed.is_empty() {
                        self.destroy_soon();
                    }
                    if key.relations.is_some() {
                        self.touch.note();
                    }
                    return Ok((key, outcome));
                }
                Err(store::Error::Conflict) => {}
                Err(lost @ store::Error::Unreachable(_)) => {
                    if self.was_saved(&key, lost).await? {
                        self.destroy_soon();
                        return Ok((key, outcome));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(store::Error::Conflict.into())
    }
}

//! The service in the test process: a real token, a real SQLite file, and a clock that can be moved.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyferry::audit::{self, Log};
use keyferry::clock::{Clock, SetClock, SystemClock};
use keyferry::hsm::Hsm;
use keyferry::model::{Account, Action, HostAssisted, InstallationId, Principal, Realm, SetCaps, Timestamp};
use keyferry::policy::Policies;
use keyferry::service::{
    Call, CapacitySettings, Gate, Limits, NoPeers, PoolSettings, Service, Settings, Tokens, Trail, install,
};
use keyferry::store::Store;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

use super::inprocess;

/// A service with everything it stands on.
pub struct House {
    pub service: Service,
    pub clock: SetClock,
    pub store: Store,
    pub hsm: Hsm,
    /// The tokens beside the first.
    pub further: Vec<Hsm>,
    url: String,
    folder: TempDir,
    meddling: Meddling,
}

/// What somebody else does once, at the moment when the service asks for the time: it has read the record by then.
type Meddling = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// A clock that can be moved, and others do something while it is looked at.
struct MeddlingClock {
    clock: SetClock,
    meddling: Meddling,
}

impl Clock for MeddlingClock {
    fn now(&self) -> Timestamp {
        let meddle = self.meddling.lock().unwrap().take();
        if let Some(meddle) = meddle {
            meddle();
        }
        self.clock.now()
    }
}

impl House {
    /// What the audit log holds by now.
    pub fn audit_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("audit.jsonl")).unwrap()
    }

    /// Does to the record what no version of this program would.
    pub async fn tamper(&self, sql: &str) {
        tamper(&self.url, sql).await;
    }

    /// As [`House::tamper`], once the next use case has read the record, and before it acts.
    pub fn tamper_meanwhile(&self, sql: String) {
        let (url, runtime) = (self.url.clone(), tokio::runtime::Handle::current());
        let meddle = move || std::thread::spawn(move || runtime.block_on(tamper(&url, &sql))).join().unwrap();
        *self.meddling.lock().unwrap() = Some(Box::new(meddle));
    }
}

async fn tamper(url: &str, sql: &str) {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let changed = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    assert!(changed.rows_affected() > 0, "nothing to tamper with");
}

/// A new installation on a token of this label.
pub async fn start(label: &str) -> House {
    start_with(label, settings()).await
}

/// As [`start`], with these settings.
pub async fn start_with(label: &str, settings: Settings) -> House {
    start_over(&[label], settings).await
}

/// As [`start_with`], on new tokens of these labels.
pub async fn start_over(labels: &[&str], settings: Settings) -> House {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/keyferry.db", folder.path().display());
    let store = Store::open(&url).await.unwrap();
    let mut further = Vec::new();
    for label in labels {
        further.push(opened(label).await);
    }
    let hsm = further.remove(0);
    install(&store, Tokens::new(hsm.clone(), further.clone())).await.unwrap();
    let clock = SetClock::at(SystemClock.now());
    let gate = Arc::new(gate(folder.path(), store.installation().await.unwrap().unwrap(), &clock));
    let meddling = Meddling::default();
    let looked_at = Arc::new(MeddlingClock { clock: clock.clone(), meddling: Arc::clone(&meddling) });
    let service =
        Service::start(store.clone(), Tokens::new(hsm.clone(), further.clone()), gate, looked_at, settings).await.unwrap();
    House { service, clock, store, hsm, further, url, folder, meddling }
}

/// A new token of this label, opened.
pub async fn opened(label: &str) -> Hsm {
    let label = label.to_owned();
    tokio::task::spawn_blocking(move || inprocess::open(&label, HostAssisted::Material)).await.unwrap()
}

/// Lets the principals of the tests do everything.
fn gate(folder: &Path, installation: InstallationId, clock: &SetClock) -> Gate {
    let principals = "version = \"v1\"\n[[principal]]\nname = \"importer.test\"\naccount = \"111122223333\"\n";
    std::fs::write(folder.join("principals.toml"), principals).unwrap();
    std::fs::write(folder.join("everything.cedar"), "@id(\"everything\") permit(principal, action, resource);").unwrap();
    let file = folder.join("audit.jsonl");
    let audit = audit::Settings { file, max_bytes: 1 << 30, keep: 0, forward: None, installation };
    let policies = Policies::load(folder).unwrap();
    let audit = Log::open(audit).unwrap();
    Gate::new(policies, Limits::none(), audit, "us-east-1".to_owned(), Arc::new(clock.clone()))
}

pub fn settings() -> Settings {
    Settings {
        realm: Realm { partition: "aws".to_owned(), region: "us-east-1".to_owned() },
        sm2: true,
        lifetime: Duration::from_secs(24 * 60 * 60),
        max_attempts: 16,
        max_clock_skew: Duration::from_secs(30),
        caps: SetCaps { per_key: 1000, per_principal: 1000 },
        capacity: CapacitySettings { objects: None, import_share: 20 },
        pool: PoolSettings { sessions: 2, waiting: 64, ..PoolSettings::default() },
        vendor_attestation: Vec::new(),
        peers: Arc::new(NoPeers),
        movable_clock: None,
    }
}

/// A call of the test's principal.
pub fn call() -> Call {
    let account = Account::parse("111122223333").unwrap();
    let principal = Principal { name: "importer.test".to_owned(), account, tags: Default::default() };
    let (request_id, action) = (Uuid::new_v4(), Action::ImportKeyMaterial);
    let trail = Trail::new(audit::Event::of(action, Timestamp::from_millis(0), "us-east-1", request_id));
    Call { principal, request_id, deadline: None, tls: None, trail }
}

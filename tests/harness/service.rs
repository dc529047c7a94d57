//! The service in the test process: a real token, a real SQLite file, and a clock that can be moved.

use std::sync::Arc;
use std::time::Duration;

use keyferry::clock::{Clock, SetClock, SystemClock};
use keyferry::hsm::Hsm;
use keyferry::model::{Account, HostAssisted, Principal, Realm, SetCaps};
use keyferry::service::{Call, CapacitySettings, PoolSettings, Service, Settings, install};
use keyferry::store::Store;
use tempfile::TempDir;
use uuid::Uuid;

use super::inprocess;

/// A service with everything it stands on.
pub struct House {
    pub service: Service,
    pub clock: SetClock,
    pub store: Store,
    pub hsm: Hsm,
    _folder: TempDir,
}

/// A new installation on a token of this label.
pub async fn start(label: &str) -> House {
    start_with(label, settings()).await
}

/// As [`start`], with these settings.
pub async fn start_with(label: &str, settings: Settings) -> House {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/keyferry.db", folder.path().display());
    let store = Store::open(&url).await.unwrap();
    let label = label.to_owned();
    let hsm = tokio::task::spawn_blocking(move || inprocess::open(&label, HostAssisted::Material)).await.unwrap();
    install(&store, &hsm).await.unwrap();
    let clock = SetClock::at(SystemClock.now());
    let service = Service::start(store.clone(), hsm.clone(), Arc::new(clock.clone()), settings).await.unwrap();
    House { service, clock, store, hsm, _folder: folder }
}

pub fn settings() -> Settings {
    Settings {
        realm: Realm { partition: "aws".to_owned(), region: "us-east-1".to_owned() },
        lifetime: Duration::from_secs(24 * 60 * 60),
        max_attempts: 16,
        caps: SetCaps { per_key: 1000, per_principal: 1000 },
        capacity: CapacitySettings { objects: None, import_share: 20 },
        pool: PoolSettings { sessions: 2, waiting: 64, ..PoolSettings::default() },
        vendor_attestation: Vec::new(),
    }
}

/// A call of the test's principal.
pub fn call() -> Call {
    let account = Account::parse("111122223333").unwrap();
    let principal = Principal { name: "importer.test".to_owned(), account, tags: Default::default() };
    Call { principal, request_id: Uuid::new_v4(), deadline: None }
}

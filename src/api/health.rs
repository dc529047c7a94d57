//! What `grpc.health.v1` says of each service, and of all together: whether what its calls need is there.

use std::sync::Arc;

use tokio::sync::{Mutex, watch};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::proto;
use crate::service::{self, Part};

/// The services, and what most of their calls need. CreateKey is the one call of its service that may need the token.
const SERVICES: [(&str, &[Part]); 8] = [
    // All together.
    ("", Part::ALL),
    (proto::alias_service_server::SERVICE_NAME, &[Part::Store, Part::Audit]),
    (proto::cryptography_service_server::SERVICE_NAME, Part::ALL),
    (proto::import_service_server::SERVICE_NAME, Part::ALL),
    (proto::key_service_server::SERVICE_NAME, &[Part::Store, Part::Audit]),
    // Tells what is missing, so it must not be missing itself.
    (proto::operator_service_server::SERVICE_NAME, &[]),
    (proto::region_service_server::SERVICE_NAME, &[Part::Store, Part::Audit]),
    (proto::rotation_service_server::SERVICE_NAME, &[Part::Store, Part::Audit]),
];

/// The state that callers see. Clones are the same.
#[derive(Clone, Debug)]
pub struct Health {
    health: watch::Receiver<service::Health>,
    /// Gone once no further calls should come: then nothing that becomes better is told.
    reporter: Arc<Mutex<Option<HealthReporter>>>,
}

impl Health {
    /// Says how the service is just now, through `reporter`.
    pub(super) async fn begin(reporter: HealthReporter, health: watch::Receiver<service::Health>) -> Self {
        let begun = Self { health, reporter: Arc::new(Mutex::new(Some(reporter))) };
        begun.tell().await;
        begun
    }

    /// Says each change, as long as calls may come.
    pub async fn follow(mut self) {
        while self.health.changed().await.is_ok() {
            self.health.mark_unchanged();
            self.tell().await;
        }
    }

    /// Says that no further calls should come.
    pub async fn draining(&self) {
        if let Some(reporter) = self.reporter.lock().await.take() {
            for (service, _) in SERVICES {
                reporter.set_service_status(service, ServingStatus::NotServing).await;
            }
        }
    }

    async fn tell(&self) {
        // Held over it all: what is older must not come last.
        let reporter = self.reporter.lock().await;
        let Some(reporter) = &*reporter else { return };
        let health = self.health.borrow().clone();
        for (service, needed) in SERVICES {
            let status = if health.serves(needed) { ServingStatus::Serving } else { ServingStatus::NotServing };
            reporter.set_service_status(service, status).await;
        }
    }
}

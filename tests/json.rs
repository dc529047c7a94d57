//! The JSON front as a protocol: what is not a request of it, what is too much or too slow, and who signed.

mod connection;
mod protocol;
mod signed;

use std::sync::Arc;

use crate::harness::installation::IMPORTER;
use crate::harness::{AccessKey, Daemon, JsonClient};

/// A connection to the daemon that tests share, and an access key of the usual importer's.
struct Desk {
    daemon: Arc<Daemon>,
    access_key: AccessKey,
}

impl Desk {
    fn new() -> Self {
        let daemon = Daemon::shared();
        let access_key = AccessKey::create(&daemon.installation, IMPORTER);
        Self { daemon, access_key }
    }

    async fn client(&self) -> JsonClient {
        JsonClient::connect(&self.daemon, &self.access_key).await
    }
}

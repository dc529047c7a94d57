//! The services of other Regions, called over mutual TLS.
//!
//! Each call makes its own connection and reads the certificates for it: calls are rare, and files that were exchanged are used at once.

use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use super::private::require_private;
use crate::client::{Client, Endpoint, Error};
use crate::config;
use crate::model::key::{Report, Telling};
use crate::service::{Heard, Kind, Peers, Untold};

/// The key of the configuration whose file is secret.
pub(super) const PRIVATE_KEY: &str = "peer.private_key";

/// How long a connection may take, TLS included.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWERING: Duration = Duration::from_secs(10);

/// Those that are configured.
#[derive(Debug)]
pub(super) struct Remote(Vec<config::Peer>);

impl Remote {
    pub(super) fn new(peers: Vec<config::Peer>) -> Self {
        Self(peers)
    }

    fn at(&self, region: &str) -> Option<&config::Peer> {
        self.0.iter().find(|peer| peer.region == region)
    }
}

impl Peers for Remote {
    fn region_of(&self, principal: &str) -> Option<&str> {
        self.0.iter().find(|peer| peer.principal == principal).map(|peer| peer.region.as_str())
    }

    fn regions(&self) -> Vec<String> {
        self.0.iter().map(|peer| peer.region.clone()).collect()
    }

    fn tell<'a>(&'a self, region: &'a str, telling: &'a Telling) -> Heard<'a> {
        Box::pin(async move {
            let unreached = |cause: String| Untold::Unreached { region: region.to_owned(), cause };
            let peer = self.at(region).ok_or_else(|| unreached("it is no peer of this service any more".to_owned()))?;
            let endpoint = endpoint(peer).await.map_err(unreached)?;
            let told = tell(&endpoint, telling).await;
            told.map_err(|error| {
                let Error::Refused(refusal) = error else { return unreached(error.to_string()) };
                let (region, message) = (region.to_owned(), refusal.message.clone());
                match refusal.code.parse() {
                    Ok(kind) if kind != Kind::Internal && !refusal.is_passing() => Untold::Refused { region, kind, message },
                    Ok(_) => Untold::Later { region, message },
                    // Not its words but the transport's.
                    Err(_) => unreached(refusal.to_string()),
                }
            })
        })
    }
}

async fn tell(endpoint: &Endpoint, telling: &Telling) -> Result<Report, Error> {
    Client::connect(endpoint).await?.synchronize_multi_region_key(telling).await
}

async fn endpoint(peer: &config::Peer) -> Result<Endpoint, String> {
    let config::Peer { region: _, endpoint, server_ca, certificate, private_key, principal: _ } = peer;
    require_private(PRIVATE_KEY, private_key).map_err(|exposed| exposed.to_string())?;
    let identity = (read(certificate).await?, Zeroizing::new(read(private_key).await?));
    let endpoint = Endpoint::new(endpoint).ca_bundle(read(server_ca).await?).identity(identity.0, identity.1);
    Ok(endpoint.connect_timeout(Some(CONNECTING)).call_timeout(Some(ANSWERING)))
}

async fn read(path: &Path) -> Result<Vec<u8>, String> {
    tokio::fs::read(path).await.map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

//! The client as a library, against the real daemon over mutual TLS.

mod connection;
mod lies;
mod life;
mod lost;
mod operations;
mod refused;
mod uses;
mod walk;

use keyferry::client::{Client, Endpoint};

use crate::harness::Daemon;
use crate::harness::certificates::Identity;

/// The daemon as seen by one who trusts it and shows nothing.
fn stranger(daemon: &Daemon) -> Endpoint {
    endpoint(daemon, &format!("https://{}", daemon.address()))
}

/// The same at another URL, for example a proxy's.
fn endpoint(daemon: &Daemon, url: &str) -> Endpoint {
    Endpoint::new(url).ca_bundle(daemon.installation.authority.certificate.as_str())
}

/// An endpoint that shows who asks.
fn shown(endpoint: Endpoint, identity: &Identity) -> Endpoint {
    endpoint.identity(identity.certificate.as_str(), identity.private_key.clone().into_bytes())
}

/// Connected as the usual importer.
pub async fn client(daemon: &Daemon) -> Client {
    Client::connect(&shown(stranger(daemon), &daemon.installation.importer)).await.unwrap()
}

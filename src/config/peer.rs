//! `[[peer]]`: the services of other Regions, which keep replicas and primaries of the same multi-Region keys.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Error, Kms};
use crate::model::Realm;

/// The service of another Region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Its Region: `kms.region` of its configuration.
    pub region: String,
    /// Where it listens: `https://host:port`.
    pub endpoint: String,
    /// PEM of the CAs whose certificate it shows.
    pub server_ca: PathBuf,
    /// PEM of the certificate that this service shows there, then its intermediates.
    pub certificate: PathBuf,
    /// PEM of that certificate's private key.
    pub private_key: PathBuf,
    /// The principal that it is when it calls here, as in `principals.toml`.
    pub principal: String,
}

/// Refuses peers that cannot be told apart, or are no peers.
pub(super) fn check(peers: &[Peer], kms: &Kms) -> Result<(), Error> {
    let own = &kms.realm.region;
    for (number, peer) in peers.iter().enumerate() {
        let key = |key: &str| format!("peer[{number}].{key}");
        let Peer { region, endpoint, principal, .. } = peer;
        if !Realm::is_region(region) {
            return Err(Error::key(&key("region"), format!("expected a name such as eu-west-1, found {region:?}")));
        }
        if region == own {
            return Err(Error::key(&key("region"), format!("expected another Region than kms.region, found {region:?}")));
        }
        if !endpoint.starts_with("https://") {
            return Err(Error::key(&key("endpoint"), format!("expected https://host:port, found {endpoint:?}")));
        }
        if peers[..number].iter().any(|other| other.region == *region) {
            return Err(Error::key(&key("region"), format!("expected each Region once, found {region:?} again")));
        }
        if peers[..number].iter().any(|other| other.principal == *principal) {
            let problem = format!("expected a principal for each Region, found {principal:?} again");
            return Err(Error::key(&key("principal"), problem));
        }
    }
    Ok(())
}

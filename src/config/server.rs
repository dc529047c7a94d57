//! `[server]`: where calls come in, and how many at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::limits::{seconds, within};
use super::{Error, Json};

/// The front door.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Calls in flight, 1 to 500, for each has a place in the audit log; one more is refused and told to try again.
    #[serde(deserialize_with = "within::<_, _, 1, 500>")]
    pub max_requests: u32,
    /// How long calls in flight may take to end once the service was told to stop: up to one hour.
    #[serde(rename = "drain_seconds", deserialize_with = "seconds::<_, 0, 3600>")]
    pub drain: Duration,
    /// Mutual TLS; without it the service listens on loopback only.
    pub tls: Option<Tls>,
}

/// PEM files of mutual TLS, read again on SIGHUP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The service's certificate, then its intermediates.
    pub certificate: PathBuf,
    /// The private key of the certificate: PKCS#8, SEC 1 or PKCS#1.
    pub private_key: PathBuf,
    /// The CAs whose certificates callers must show.
    pub client_ca: PathBuf,
    /// The lists of what these CAs have revoked, one for each of them and for each CA between them and a caller.
    pub client_crl: Option<PathBuf>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
            max_requests: 256,
            drain: Duration::from_secs(30),
            tls: None,
        }
    }
}

impl Server {
    /// Refuses to be reached from elsewhere without TLS: nobody would identify callers, and what is plain would be read.
    pub(super) fn check(&self, json: &Json) -> Result<(), Error> {
        if self.tls.is_some() {
            return Ok(());
        }
        for (key, listen) in [("server.listen", Some(self.listen)), ("json.listen", json.listen)] {
            if let Some(listen) = listen.filter(|listen| !listen.ip().is_loopback()) {
                return Err(Error::key(
                    key,
                    format!(
                        "expected a loopback address because there is no [server.tls], found {listen}; add [server.tls] or listen on 127.0.0.1"
                    ),
                ));
            }
        }
        Ok(())
    }
}

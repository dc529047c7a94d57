//! What an operator decides: one TOML file, and environment variables over it.
//!
//! `KEYFERRY__<TABLE>__<KEY>` overrides a key of the file; variables with one underscore after `KEYFERRY` are the client's.
//! Everything is parsed into its final type and checked here: a [`Config`] in hand can start. Secrets come by the path of a
//! file, but for a password in `store.url`, which prints redacted.

mod audit;
mod capacity;
mod error;
mod hsm;
mod json;
mod kms;
mod limits;
mod log;
mod metrics;
mod peer;
mod policy;
mod pool;
mod quotas;
mod server;
mod store;
mod traces;

use std::path::Path;

use serde::Deserialize;

pub use audit::{Audit, Forward};
pub use capacity::Capacity;
pub use error::Error;
pub use hsm::{Hsm, Pin, TokenName};
pub use json::Json;
pub use kms::Kms;
pub use limits::{Import, Janitor};
pub use log::{Format, Log};
pub use metrics::Metrics;
pub use peer::Peer;
pub use policy::Policy;
pub use pool::{Marks, Pool};
pub use quotas::Limits;
pub use server::{Server, Tls};
pub use store::{Store, StoreUrl};
pub use traces::Traces;

/// Everything that an operator decides.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The version of this format.
    pub version: Version,
    /// The front door.
    #[serde(default)]
    pub server: Server,
    /// The reference's own protocol.
    #[serde(default)]
    pub json: Json,
    /// The token.
    pub hsm: Hsm,
    /// The record.
    pub store: Store,
    /// Who may do what.
    pub policy: Policy,
    /// Where it is written down.
    pub audit: Audit,
    /// How often.
    #[serde(default)]
    pub limits: Limits,
    /// How keys are named.
    #[serde(default)]
    pub kms: Kms,
    /// What holds for every issue of parameters.
    #[serde(default)]
    pub import: Import,
    /// Pairs that stand ready.
    #[serde(default)]
    pub pool: Pool,
    /// How full the token may get.
    #[serde(default)]
    pub capacity: Capacity,
    /// The sweeps.
    #[serde(default)]
    pub janitor: Janitor,
    /// The log.
    #[serde(default)]
    pub log: Log,
    /// The metrics.
    #[serde(default)]
    pub metrics: Metrics,
    /// The traces.
    #[serde(default)]
    pub traces: Traces,
    /// The services of other Regions.
    #[serde(default)]
    pub peer: Vec<Peer>,
}

/// The version of the configuration's format, so that a later one can mean something else by the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// The only one so far.
    #[serde(rename = "v1")]
    V1,
}

impl Config {
    /// Reads a file, and the environment over it.
    ///
    /// # Errors
    /// Where the file cannot be read, or a key is unknown, missing or wrong; the message names the key.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        Self::parse(
            &text,
            std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Reads the text of a file, and `environment` over it.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        // Without `try_parsing`: it would make a number of an account and drop its leading zeros. Numbers are parsed from
        // text where a number is expected.
        let environment =
            config::Environment::with_prefix("KEYFERRY").separator("__").source(Some(environment.into_iter().collect()));
        let read = config::Config::builder()
            .add_source(config::File::from_str(text, config::FileFormat::Toml))
            .add_source(environment)
            .build()
            .map_err(Error::of)?;
        // First, because under another version every other complaint would mislead.
        match read.get_string("version") {
            Ok(version) if version == "v1" => {}
            Ok(version) => return Err(Error::Version(version)),
            Err(_) => return Err(Error::NoVersion),
        }
        let config: Self = read.try_deserialize().map_err(Error::of)?;
        config.server.check(&config.json)?;
        peer::check(&config.peer, &config.kms)?;
        Ok(config)
    }
}

//! The parts of a service, put together as the configuration says.
#![allow(unused_variables, clippy::unused_async, clippy::missing_errors_doc)]

use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use crate::config::Config;
use crate::hsm::Profile;
use crate::service::Service;

/// Why a service cannot be put together: what is wrong and what to do, with the cause behind it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StartError {
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Opens store and token and puts the service over them.
pub async fn assemble(config: &Config) -> Result<Arc<Service>, StartError> {
    todo!()
}

/// Makes a store and a token each other's, for a new installation.
pub async fn init(config: &Config) -> Result<(), StartError> {
    todo!()
}

/// Finds out what the token can do, without the store.
pub async fn examine(config: &Config) -> Result<Profile, StartError> {
    todo!()
}

/// Makes a token of this label in the first free slot.
pub fn initialise_token(module: &Path, label: &str, so_pin: &SecretString, pin: &SecretString) -> Result<(), StartError> {
    todo!()
}

//! Access keys over a configuration, beside the service that runs with it: nothing is held that it holds.

use std::time::Duration;

use super::assembly::{StartError, Wanted, open_store, open_token, policies};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::model::AccessKey;
use crate::service::{self, Issued, StartError as ServiceError};
use crate::store::Store;

/// Makes an access key for a principal, as [`service::create_access_key`] does.
///
/// # Errors
/// Where a part does not open, or the principal is not known; the message says what to do.
pub async fn create(config: &Config, principal: &str) -> Result<Issued, StartError> {
    let policies = policies(&config.policy)?;
    let store = open(config).await?;
    let hsm = open_token(&config.hsm, Wanted::to_look(config)).await?;
    let issued = service::create_access_key(&store, &hsm, &policies, principal, SystemClock.now()).await;
    store.close().await;
    Ok(issued?)
}

/// Every access key, and whether it holds now.
///
/// # Errors
/// Where the record cannot be read.
pub async fn list(config: &Config) -> Result<Vec<(AccessKey, bool)>, StartError> {
    let store = Store::open_to_read(config.store.url.expose()).await.map_err(StartError::Store)?;
    let keys = service::list_access_keys(&store).await;
    store.close().await;
    let now = SystemClock.now();
    Ok(keys?.into_iter().map(|key| (key.holds(now), key)).map(|(holds, key)| (key, holds)).collect())
}

/// Ends an access key at once. The token is not needed.
///
/// # Errors
/// Where the record cannot be changed, or has none of this id.
pub async fn disable(config: &Config, id: &str) -> Result<(), StartError> {
    let store = open(config).await?;
    let disabled = service::disable_access_key(&store, id, SystemClock.now()).await;
    store.close().await;
    Ok(disabled?)
}

/// Makes another access key in the place of this one, which ends after `grace`.
///
/// # Errors
/// As [`create`], and where there is none of this id, or it is ending already.
pub async fn rotate(config: &Config, id: &str, grace: Duration) -> Result<Issued, StartError> {
    let policies = policies(&config.policy)?;
    let store = open(config).await?;
    let hsm = open_token(&config.hsm, Wanted::to_look(config)).await?;
    let issued = service::rotate_access_key(&store, &hsm, &policies, id, grace, SystemClock.now()).await;
    store.close().await;
    Ok(issued?)
}

/// The record, which must be somebody's already.
async fn open(config: &Config) -> Result<Store, StartError> {
    let store = open_store(&config.store).await?;
    match store.installation().await.map_err(StartError::Store)? {
        Some(_) => Ok(store),
        None => Err(ServiceError::NotInstalled.into()),
    }
}

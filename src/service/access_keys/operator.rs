//! What an operator does with access keys, beside a service that runs: it asks the record at each call.

use std::time::Duration;

use secrecy::SecretString;

use super::AccessKeys;
use crate::hsm::{self, Hsm};
use crate::model::{AccessKey, AccessKeyId, Timestamp};
use crate::policy::Policies;
use crate::service::StartError;
use crate::service::installation::belonging;
use crate::store::{self, Store};

/// The only secret that an id has, as long as none is exchanged under it.
const FIRST_GENERATION: u32 = 1;

/// Why there is no such access key, or none is made.
#[derive(Debug, thiserror::Error)]
pub enum AccessKeyError {
    /// Nobody is called so.
    #[error("principal {0:?}: expected one of principals.toml in policy.folder: add it there first")]
    UnknownPrincipal(String),
    /// It has an end already.
    #[error("access key {0}: it is disabled, or running out since it was rotated: create another")]
    Ending(AccessKeyId),
    /// There is none of this id.
    #[error("access key {0:?}: there is none: `keyferryd access-key list` shows those there are")]
    UnknownKey(String),
    /// Token and record do not belong together.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The token failed.
    #[error("the token")]
    Hsm(#[from] hsm::Error),
    /// The record failed.
    #[error("the database")]
    Store(#[from] store::Error),
}

/// A new access key, and its secret, which is told once.
#[derive(Debug)]
pub struct Issued {
    /// What is on record of it.
    pub key: AccessKey,
    /// Forty letters of base 64.
    pub secret: SecretString,
}

/// Makes an access key for a principal.
///
/// # Errors
/// Where `policies` know nobody of this name, token and record do not belong together, or one of them fails.
pub async fn create_access_key(
    store: &Store,
    hsm: &Hsm,
    policies: &Policies,
    principal: &str,
    now: Timestamp,
) -> Result<Issued, AccessKeyError> {
    let issued = issue(store, hsm, policies, principal, now).await?;
    store.insert_access_key(&issued.key).await?;
    Ok(issued)
}

/// Every access key, also those that have ended, the oldest first.
///
/// # Errors
/// Where the record cannot be read.
pub async fn list_access_keys(store: &Store) -> Result<Vec<AccessKey>, AccessKeyError> {
    Ok(store.access_keys().await?)
}

/// Ends an access key at `now`, for good.
///
/// # Errors
/// Where there is none of this id, or the record cannot be changed.
pub async fn disable_access_key(store: &Store, id: &str, now: Timestamp) -> Result<(), AccessKeyError> {
    let key = look_up(store, id).await?;
    store.end_access_key(&key.id, now).await?;
    Ok(())
}

/// Makes another access key for the principal of this one, which ends after `grace`.
///
/// # Errors
/// As [`create_access_key`], and where there is none of this id, or it is ending already.
pub async fn rotate_access_key(
    store: &Store,
    hsm: &Hsm,
    policies: &Policies,
    id: &str,
    grace: Duration,
    now: Timestamp,
) -> Result<Issued, AccessKeyError> {
    let old = look_up(store, id).await?;
    if old.ends_at.is_some() {
        return Err(AccessKeyError::Ending(old.id));
    }
    let issued = issue(store, hsm, policies, &old.principal, now).await?;
    match store.replace_access_key(&old.id, now.after(grace), &issued.key).await {
        Err(store::Error::Conflict) => Err(AccessKeyError::Ending(old.id)),
        replaced => Ok(replaced.map(|()| issued)?),
    }
}

async fn look_up(store: &Store, id: &str) -> Result<AccessKey, AccessKeyError> {
    // Not repeated where it is no id: who mistakes the one for the other has sent a secret.
    let id = AccessKeyId::parse(id).ok_or_else(|| AccessKeyError::UnknownKey(shortened(id)))?;
    let found = store.access_key(&id).await?;
    found.ok_or_else(|| AccessKeyError::UnknownKey(id.to_string()))
}

fn shortened(text: &str) -> String {
    let mut start: String = text.chars().take(4).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

async fn issue(
    store: &Store,
    hsm: &Hsm,
    policies: &Policies,
    principal: &str,
    now: Timestamp,
) -> Result<Issued, AccessKeyError> {
    if policies.principal(principal).is_none() {
        return Err(AccessKeyError::UnknownPrincipal(principal.to_owned()));
    }
    // Of another installation's token the secret would be one that no service takes.
    let (_, listed) = belonging(store, hsm).await?;
    let access_keys = AccessKeys::find(&listed)?;
    let (id, principal) = (AccessKeyId::random(), principal.to_owned());
    let key = AccessKey { id, principal, created_at: now, ends_at: None, generation: FIRST_GENERATION };
    let secret = access_keys.secret(hsm, key.derivation()).await?;
    Ok(Issued { key, secret })
}

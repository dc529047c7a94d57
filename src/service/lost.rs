//! Answers of the database that were lost: what was asked has happened or not, and is looked up, never repeated blindly.
//!
//! The connection may break after COMMIT went up and before its answer came down; a database that fails over does it to every
//! transaction under way. What is asked for then is the very thing that the transaction would have left: the key in its next
//! version, the set with its answer. Where the record does not say it within a few seconds, the caller is told to try again, and
//! what the token holds stays claimed.

use std::time::Duration;

use super::{Error, Service};
use crate::model::{Answer, Key, WrappingKey, WrappingKeyState};
use crate::store;

/// The pauses before it is looked up: a transaction whose connection is gone may end a little later.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(800), Duration::from_millis(3200)];

impl Service {
    /// Whether a change of `saved`, as it is with the version that it was read in, has happened.
    ///
    /// # Errors
    /// `lost` where that cannot be told: the record does not answer, or others have changed the key since.
    pub(super) async fn was_saved(&self, saved: &Key, lost: store::Error) -> Result<bool, Error> {
        for pause in PAUSES {
            tokio::time::sleep(pause).await;
            match self.store.key(&saved.account, &saved.id).await {
                Ok(Some(now)) if now.version == saved.version => return Ok(false),
                Ok(Some(now)) if now == (Key { version: saved.version + 1, ..saved.clone() }) => return Ok(true),
                Err(store::Error::Unreachable(_)) => {}
                _ => break,
            }
        }
        Err(lost.into())
    }

    /// Whether a new key is on record.
    ///
    /// # Errors
    /// `lost` where it is not, or that cannot be told.
    pub(super) async fn was_inserted(&self, key: &Key, lost: store::Error) -> Result<(), Error> {
        for pause in PAUSES {
            tokio::time::sleep(pause).await;
            match self.store.key(&key.account, &key.id).await {
                Ok(Some(_)) => return Ok(()),
                Err(store::Error::Unreachable(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        Err(lost.into())
    }

    /// What an import under this set answered, where one has happened.
    ///
    /// # Errors
    /// `lost` where that cannot be told.
    pub(super) async fn was_consumed(&self, pair: &WrappingKey, lost: store::Error) -> Result<Option<Answer>, Error> {
        for pause in PAUSES {
            tokio::time::sleep(pause).await;
            match self.store.wrapping_key(&pair.id).await {
                Ok(Some(set)) if set.state == WrappingKeyState::Consumed => return Ok(set.answer),
                Ok(_) => return Ok(None),
                Err(store::Error::Unreachable(_)) => {}
                Err(_) => break,
            }
        }
        Err(lost.into())
    }
}

//! The lines that the log writes of itself.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::line::{Body, Kind};
use crate::model::{InstallationId, Timestamp};

/// Why a line says that the log was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Because {
    /// A chain begins.
    New,
    /// A new file goes on where an old one ended. Only this and `New` begin a file: a file that begins otherwise lost lines.
    Rotation,
    /// The service started.
    Start,
}

/// A start, or the first line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opened {
    pub(super) because: Because,
    /// Names the chain; chosen when it begins.
    pub(super) log: String,
    pub(super) installation: String,
    pub(super) version: String,
    pub(super) time: String,
    /// How many bytes of an unfinished line were cut off.
    pub(super) cut: u64,
}

impl Opened {
    pub(super) fn new(because: Because, log: Uuid, installation: InstallationId, cut: u64) -> Self {
        let (log, installation) = (log.to_string(), installation.to_string());
        Self { because, log, installation, version: env!("CARGO_PKG_VERSION").to_owned(), time: now(), cut }
    }

    /// Chain and installation, where both are names and nothing else.
    pub(super) fn names(&self) -> Option<(Uuid, InstallationId)> {
        let exactly = |text: &str| Uuid::parse_str(text).ok().filter(|id| id.to_string() == text);
        Some((exactly(&self.log)?, InstallationId(exactly(&self.installation)?)))
    }
}

/// The log could not be written, and can again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resumed {
    pub(super) time: String,
    /// Since when it could not.
    pub(super) since: String,
    /// What was wrong.
    pub(super) error: String,
    /// How many lines waited in memory; they follow.
    pub(super) kept: u64,
}

/// The token's signature over the chain up to a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    /// The last line that is covered.
    pub(super) sequence: u64,
    /// Its hash, hex.
    pub(super) hash: String,
    pub(super) time: String,
    /// SHA-256 of the DER SubjectPublicKeyInfo, hex.
    pub(super) key: String,
    /// r ‖ s, base64.
    pub(super) signature: String,
}

/// A body of this kind. These have neither maps nor floats, which alone could fail.
pub(super) fn body<T: Serialize>(kind: Kind, value: &T) -> Body {
    Body { kind, json: serde_json::to_string(value).unwrap_or_default() }
}

/// The value that this JSON is, if it is written as [`body`] writes it.
pub(super) fn parse<T: Serialize + DeserializeOwned>(json: &str) -> Option<T> {
    let value: T = serde_json::from_str(json).ok()?;
    (serde_json::to_string(&value).ok()? == json).then_some(value)
}

/// The time, RFC 3339.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(0).after(since).rfc3339().unwrap_or_default()
}

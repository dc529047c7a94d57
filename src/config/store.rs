//! `[store]`: where the record is kept.

use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

/// The record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// `sqlite:<path>` or `postgres://<user>[:<password>]@<host>/<database>`.
    pub url: StoreUrl,
    /// The most that this machine's clock may differ from the database's: one second to one hour.
    #[serde(
        rename = "max_clock_skew_seconds",
        default = "half_a_minute",
        deserialize_with = "super::limits::seconds::<_, 1, 3600>"
    )]
    pub max_clock_skew: Duration,
}

fn half_a_minute() -> Duration {
    Duration::from_secs(30)
}

/// A database's URL. It may hold a password, so it prints as its scheme alone.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct StoreUrl(Zeroizing<String>);

impl StoreUrl {
    /// The whole URL, with its password. Never for a log or a message.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

impl TryFrom<String> for StoreUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        let url = Zeroizing::new(url);
        if ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme)) {
            return Ok(Self(url));
        }
        Err("expected a URL that begins with sqlite: or postgres:")
    }
}

impl std::fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreUrl({}:[redacted])", self.scheme())
    }
}

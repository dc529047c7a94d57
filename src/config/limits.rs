//! `[import]` and `[janitor]`: how long, how often.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

/// What holds for every issue of parameters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Import {
    /// How long a wrapping key and its import token are good for: one minute to 24 hours.
    #[serde(rename = "lifetime_seconds", deserialize_with = "seconds::<_, 60, 86_400>")]
    pub lifetime: Duration,
    /// How many imports may be tried under one set, 1 to 1000.
    #[serde(deserialize_with = "within::<_, _, 1, 1000>")]
    pub max_attempts: u32,
}

impl Default for Import {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(86_400), max_attempts: 16 }
    }
}

/// The sweeps that expire, delete and destroy what is due.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Janitor {
    /// From one sweep to the next: one second to one hour.
    #[serde(rename = "interval_seconds", deserialize_with = "seconds::<_, 1, 3600>")]
    pub interval: Duration,
}

impl Default for Janitor {
    fn default() -> Self {
        Self { interval: Duration::from_secs(30) }
    }
}

/// A whole number between two others, both included.
pub(super) fn within<'de, D: Deserializer<'de>, T: TryFrom<u64>, const LEAST: u64, const MOST: u64>(
    deserializer: D,
) -> Result<T, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let outside = || D::Error::custom(format!("expected {LEAST} to {MOST}, found {number}"));
    if !(LEAST..=MOST).contains(&number) {
        return Err(outside());
    }
    T::try_from(number).map_err(|_| outside())
}

/// A whole number of seconds between two others, both included.
pub(super) fn seconds<'de, D: Deserializer<'de>, const LEAST: u64, const MOST: u64>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    within::<D, u64, LEAST, MOST>(deserializer).map(Duration::from_secs)
}

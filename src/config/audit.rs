//! `[audit]`: where every decision is written down.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::limits::{seconds, within};

/// The audit log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// The file that is appended to.
    pub file: PathBuf,
    /// How large it gets before another begins: 1 to 65536 megabytes (10^6 bytes).
    #[serde(default = "max_megabytes", deserialize_with = "within::<_, _, 1, 65_536>")]
    pub max_megabytes: u64,
    /// How many full ones are kept, up to 100000; 0 for all.
    #[serde(default, deserialize_with = "within::<_, _, 0, 100_000>")]
    pub keep: u32,
    /// How long a line may wait for the signature over it: one second to one hour.
    #[serde(rename = "checkpoint_seconds", default = "checkpoint", deserialize_with = "seconds::<_, 1, 3600>")]
    pub checkpoint: Duration,
    /// Where every line goes besides.
    #[serde(default)]
    pub forward: Forward,
}

/// Where the lines of the audit log go besides its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forward {
    /// Nowhere.
    #[default]
    None,
    /// To syslog, at /dev/log.
    Syslog,
    /// To the journal.
    Journald,
}

fn max_megabytes() -> u64 {
    100
}

fn checkpoint() -> Duration {
    Duration::from_secs(60)
}

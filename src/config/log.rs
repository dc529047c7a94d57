//! `[log]`: what is logged, and in which shape.

use serde::{Deserialize, Deserializer, de::Error as _};
use tracing_subscriber::EnvFilter;

/// The log, which goes to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Its shape.
    pub format: Format,
    /// Directives such as `info` or `warn,request=info`.
    #[serde(deserialize_with = "directives")]
    pub level: String,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: Format::Human, level: "info".to_owned() }
    }
}

fn directives<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let directives = String::deserialize(deserializer)?;
    match EnvFilter::try_new(&directives) {
        Ok(_) => Ok(directives),
        Err(_) => Err(D::Error::custom(format!("expected a level such as info or warn,request=info, found {directives:?}"))),
    }
}

//! `[traces]`: where it is told how long each call takes, part by part.

use serde::{Deserialize, Deserializer, de::Error as _};

/// The traces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// The collector, which takes OTLP over gRPC; nowhere where absent.
    #[serde(deserialize_with = "endpoint")]
    pub endpoint: Option<String>,
}

/// Empty is none, so that the environment can take it back.
fn endpoint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let endpoint = String::deserialize(deserializer)?;
    if endpoint.is_empty() {
        return Ok(None);
    }
    if endpoint.strip_prefix("http://").is_none_or(str::is_empty) {
        return Err(D::Error::custom(format!("expected http://<host>:<port>, found {endpoint:?}")));
    }
    if !cfg!(feature = "otlp") {
        return Err(D::Error::custom(
            "this keyferryd was built without traces: build it with --features otlp, or remove this key",
        ));
    }
    Ok(Some(endpoint))
}

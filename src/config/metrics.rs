//! `[metrics]`: what a monitoring system may read.

use std::net::SocketAddr;

use serde::Deserialize;

/// The metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Where `GET /metrics`, `/livez` and `/readyz` are answered, without TLS; nowhere where absent. Port 0 takes a free one.
    pub listen: Option<SocketAddr>,
}

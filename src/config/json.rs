//! `[json]`: the reference's own protocol.

use std::net::SocketAddr;

use serde::Deserialize;

/// Where the reference's clients come in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Json {
    /// Where to listen; port 0 takes a free one. Nowhere where absent.
    pub listen: Option<SocketAddr>,
}

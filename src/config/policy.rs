//! `[policy]`: who may do what.

use std::path::PathBuf;

use serde::Deserialize;

/// The operator's policies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The folder with `principals.toml` and the policies; read again on SIGHUP.
    pub folder: PathBuf,
}

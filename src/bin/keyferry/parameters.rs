//! A saved answer of get-parameters-for-import.

use std::path::Path;

use anyhow::Context;
use keyferry::client::Parameters;

/// Reads one.
pub(crate) fn load(path: &Path) -> anyhow::Result<Parameters> {
    let named = || path.display().to_string();
    Parameters::from_json(&std::fs::read(path).with_context(named)?).with_context(named)
}

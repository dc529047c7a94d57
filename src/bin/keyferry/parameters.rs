//! A saved answer of get-parameters-for-import.

use std::path::Path;

use anyhow::Context;
use keyferry::client::Parameters;

/// Reads one.
pub(crate) fn load(path: &Path) -> anyhow::Result<Parameters> {
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    Parameters::from_json(&text)
        .with_context(|| format!("{} is no saved answer of get-parameters-for-import", path.display()))
}

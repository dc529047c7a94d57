//! A saved answer of get-parameters-for-import.

use std::path::Path;

use anyhow::anyhow;
use keyferry::client::Parameters;

use crate::failure::{Failure, of_unread};

/// Reads one.
pub(crate) fn load(path: &Path) -> Result<Parameters, Failure> {
    let text = std::fs::read(path).map_err(|error| of_unread(path, &error))?;
    Parameters::from_json(&text).map_err(|error| match Failure::from(error) {
        Failure::Local(error) => Failure::Local(anyhow!("{}: {error}", path.display())),
        other => other,
    })
}

//! `--cli-input-json` and `--cli-input-yaml`: a request as text, or in a file.

use serde_json::Value;

use crate::blob;
use crate::failure::Failure;

/// Reads what the option was given.
pub(crate) fn read(option: &str, given: &str) -> Result<Value, Failure> {
    let text = blob::text(option, given)?;
    let parsed = match option {
        "cli-input-yaml" => serde_saphyr::from_str(&text).map_err(|error| ("YAML", error.to_string())),
        _ => serde_json::from_str(&text).map_err(|error| ("JSON", error.to_string())),
    };
    parsed.map_err(|(language, error)| {
        let remedy = match given.starts_with("file://") {
            true => String::new(),
            false => format!(": give the {language} itself, or file:// and a path"),
        };
        Failure::usage(format!("Error parsing parameter '--{option}': Invalid {language}: {error}{remedy}"))
    })
}

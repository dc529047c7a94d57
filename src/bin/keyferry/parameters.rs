//! The answer of get-parameters-for-import: printed, saved, and enough to wrap and import with.

use std::path::Path;

use anyhow::Context;
use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

/// One set of parameters. The first four members are the reference's; the others save the caller from repeating them.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Parameters {
    pub(crate) key_id: String,
    pub(crate) import_token: String,
    pub(crate) public_key: String,
    pub(crate) parameters_valid_to: String,
    pub(crate) wrapping_algorithm: String,
    pub(crate) wrapping_key_spec: String,
    pub(crate) key_spec: String,
    pub(crate) host_exposure: String,
}

impl Parameters {
    /// Reads a saved answer.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).with_context(|| path.display().to_string())?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{} is no saved answer of get-parameters-for-import", path.display()))
    }

    /// The import token itself.
    pub(crate) fn import_token(&self) -> anyhow::Result<Vec<u8>> {
        Base64::decode_vec(&self.import_token).context("ImportToken is no base64")
    }

    /// The public key, DER SubjectPublicKeyInfo.
    pub(crate) fn public_key(&self) -> anyhow::Result<Vec<u8>> {
        Base64::decode_vec(&self.public_key).context("PublicKey is no base64")
    }
}

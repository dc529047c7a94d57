//! Binary arguments as the reference CLI takes them: `fileb://` and a path for the bytes of a file, else base64.

use std::str::FromStr;

use base64ct::{Base64, Encoding};

/// Bytes given on the command line.
#[derive(Clone)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl FromStr for Blob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("fileb://") {
            return std::fs::read(path).map(Self).map_err(|error| format!("unable to load {path}: {error}"));
        }
        let known = "give fileb:// and a path, or base64";
        Base64::decode_vec(text.trim()).map(Self).map_err(|_| format!("invalid base64: {known}"))
    }
}

//! Why material was not wrapped, in words for its owner. Says lengths and kinds, never a byte of the material.

use super::words::either;
use crate::model::{KeySpec, WrappingAlgorithm};

/// Why material was not wrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not served: withdrawn, or never supported.
    #[error("the wrapping algorithm {0} is not supported")]
    Algorithm(WrappingAlgorithm),
    /// There is nothing to wrap.
    #[error("the key material is empty")]
    Empty,
    /// A key, but not one for the key that it is meant for.
    #[error("the key file is {found}; the key wants {wanted}; {}{hint}", suiting(specs))]
    Mismatch {
        /// What it is.
        found: String,
        /// What the key spec wants.
        wanted: String,
        /// The key specs that it would do for.
        specs: Vec<KeySpec>,
        /// How else the file may be meant, from its semicolon on, or nothing.
        hint: String,
    },
    /// The operating system gave none.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    /// It is encrypted, and nobody gave the passphrase.
    #[error(
        "the key file is {0} that is encrypted: a passphrase is needed; type it when asked, or name its file with --passphrase-file"
    )]
    Passphrase(&'static str),
    /// Not a public key of use here.
    #[error("the public key is of no use: {0}")]
    PublicKey(String),
    /// More than the wrapping can hold.
    #[error("the key material has {length} bytes, and {algorithm} with a key of {bits} bits holds at most {most}")]
    TooLong {
        /// Bytes of material.
        length: usize,
        /// The wrapping.
        algorithm: WrappingAlgorithm,
        /// Of the wrapping key.
        bits: usize,
        /// Bytes that would have fitted.
        most: usize,
    },
    /// Not what the key spec wants.
    #[error("the key material is {found}; expected {expected}{}", remedy.as_ref().map(|command| format!("; try: {command}")).unwrap_or_default())]
    Unfit {
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
        /// A command that makes the one of the other.
        remedy: Option<String>,
    },
    /// Not a key that can be imported, whatever the key spec.
    #[error("the key file is {found}; {advice}")]
    Unusable {
        /// What it is.
        found: String,
        /// What to do.
        advice: String,
    },
    /// The wrapping does not go with the key spec; says which would.
    #[error("{0}")]
    Wrapping(String),
    /// It is encrypted, with another passphrase.
    #[error("the passphrase does not open the key file, which is {0}")]
    WrongPassphrase(&'static str),
}

impl Error {
    /// A file of no use, and what to do instead.
    pub(super) fn unusable(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Unusable { found: found.into(), advice: advice.into() }
    }
}

fn suiting(specs: &[KeySpec]) -> String {
    match specs {
        [] => "no key spec takes it".into(),
        specs => format!("it would fit a key of the spec {}", either(specs)),
    }
}

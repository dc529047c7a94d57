//! Why material was not wrapped, in words for its owner. Says lengths and kinds, never a byte of the material.

use crate::model::WrappingAlgorithm;

/// Why material was not wrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not served: withdrawn, or never supported.
    #[error("the wrapping algorithm {0} is not supported")]
    Algorithm(WrappingAlgorithm),
    /// There is nothing to wrap.
    #[error("the key material is empty")]
    Empty,
    /// The operating system gave none.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
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
}

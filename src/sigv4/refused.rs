//! Why a signature is not looked into, or does not hold, in the reference's words where it has any.
//!
//! What a caller sent as their credential is repeated only as a hash, as the reference does it: now and then it is the secret.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

/// Why a request is not taken for its sender's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The hash of the body that the headers give is not the body's.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    AlteredBody,
    /// It came too late.
    #[error("Signature expired: {signed_at} is now earlier than {earliest} ({now} - 5 min.)")]
    Expired {
        /// When it was signed.
        signed_at: String,
        /// The earliest that is taken.
        earliest: String,
        /// Now.
        now: String,
    },
    /// It is not of the form that is read.
    #[error("{0}")]
    Incomplete(String),
    /// It is in the query.
    #[error(
        "A signature in the query string (a presigned URL) is not supported. Sign the request in the Authorization header."
    )]
    InQuery,
    /// It is another's, or over something else.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// There is none.
    #[error("Missing Authentication Token")]
    Missing,
    /// Its clock is ahead.
    #[error("Signature not yet current: {signed_at} is still later than {latest} ({now} + 5 min.)")]
    NotYetCurrent {
        /// When it was signed.
        signed_at: String,
        /// The latest that is taken.
        latest: String,
        /// Now.
        now: String,
    },
    /// It is for another day, region or service.
    #[error("{0}")]
    OutOfScope(String),
    /// It comes with a session token, and no sessions are known here.
    #[error(
        "Session tokens are not supported: unset AWS_SESSION_TOKEN and sign with an access key that keyferryd access-key made."
    )]
    SessionToken,
    /// No access key that holds is called so: never was, is disabled, or has ended. Which of them, nobody is told.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// It leaves out what must be signed.
    #[error("{0} must be a 'SignedHeader' in the AWS Authorization.")]
    Unsigned(String),
}

/// What stands for a text that is not to be repeated.
pub(super) fn hashed(text: &[u8]) -> String {
    Base64::encode_string(&Sha256::digest(text))
}

/// So much of a text as a message has room for.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

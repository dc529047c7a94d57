//! Why a use case did not happen.
//!
//! The message is for the caller and safe to show; what must not be shown is in the source, for the log.

#[cfg(test)]
mod examples;
mod kind;
mod words;

use std::time::Duration;

use super::Untold;
pub use kind::Kind;
use words::{because, hsm_message, store_message};

use crate::model::key_policy::Unkept;
use crate::model::{Action, Invalid, KeyArn, PairKind, Refused, RequestDigest, SetHolder, Timestamp, Unresolved};
use crate::{audit, hsm, sigv4, store};

/// Why a use case did not happen. Displays as the message for the caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The alias is another key's, or this one's already.
    #[error("An alias with the name {0} already exists")]
    AliasTaken(String),
    /// Another replica may do it: this one is not given the token that the key is in.
    #[error("{arn}: its home token {token:?} is not served by this replica: try again, where another replica may answer")]
    Elsewhere {
        /// Which key.
        arn: KeyArn,
        /// Serial number of the token that it is in.
        token: String,
    },
    /// It would have been done.
    #[error("The request would have succeeded, but the DryRun option is set.")]
    DryRun,
    /// The request names a grant.
    #[error("the grant token is not valid: there are no grants here, policies say who may do what")]
    GrantTokens,
    /// The ciphertext is of another key than the request says.
    #[error("The key ID in the request does not identify a CMK that can perform this operation.")]
    IncorrectKey,
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Not a ciphertext of this key, or not with this encryption context. Says the same whatever it was.
    #[error("the ciphertext could not be decrypted: it is not whole, of another key, or of another encryption context")]
    UndecryptableCiphertext,
    /// Not the MAC of this message under this key.
    #[error("the MAC is not that of the message under this key")]
    WrongMac,
    /// Not the signature of this message under this key.
    #[error("the signature is not that of the message under this key")]
    WrongSignature,
    /// Not a policy document that could be kept.
    #[error("{0}")]
    MalformedPolicy(String),
    /// A policy document that has more bytes than are kept.
    #[error("{}", Unkept::TooLong)]
    PolicyTooLong,
    /// The request is not of the form that the protocol has.
    #[error("{0}")]
    Unreadable(String),
    /// The wrapped blob is wrong, or what was in it. Says the same whatever it was: no padding oracle.
    #[error("the encrypted key material could not be unwrapped, or is not material of this key's spec")]
    InvalidCiphertext,
    /// The import token is not one of ours for this key, or is of no more use.
    #[error("the import token is invalid or is associated with a different KMS key")]
    InvalidImportToken,
    /// Not a marker of ours.
    #[error("the marker is not one that this operation returned")]
    InvalidMarker,
    /// As many sets are live as may be.
    #[error(
        "the {holder} has as many unused sets of import parameters as it may have at once: import under one of them, or wait for the first to expire"
    )]
    Capped {
        /// Whose sets.
        holder: SetHolder,
        /// Until the first of them ends.
        retry_after: Duration,
    },
    /// The policies do not let them.
    #[error("User: {principal} is not authorized to perform: {action} on resource: {resource} {}", because(*action, *forbidden))]
    Denied {
        /// Who.
        principal: String,
        /// What.
        action: Action,
        /// On what: a key's ARN, or `*`.
        resource: String,
        /// Whether a policy says so, rather than none the contrary.
        forbidden: bool,
    },
    /// The key refuses.
    #[error("{}", refused.message(arn))]
    Key {
        /// Which key.
        arn: KeyArn,
        /// Why.
        refused: Refused,
    },
    /// No pair stands ready, and none is made in time, or too many wait for one.
    #[error("no wrapping key {} is ready yet: try again in {} s", .kind.spec, .retry_after.as_secs())]
    NoneReady {
        /// Of what kind.
        kind: PairKind,
        /// Until one could be.
        retry_after: Duration,
    },
    /// Another import waits under the same set.
    #[error("another import under these parameters waits for approval: have it rejected, or get new parameters for import")]
    Occupied,
    /// A second principal has to approve it first.
    #[error(
        "the import waits for the approval of another principal, until {}: repeat this very request once they have approved request digest {digest}",
        until.rfc3339().unwrap_or_default()
    )]
    Pending {
        /// What is to be approved.
        digest: RequestDigest,
        /// When the set ends.
        until: Timestamp,
    },
    /// The request is not signed as it must be.
    #[error(transparent)]
    Signature(#[from] sigv4::Refused),
    /// The record could not be kept.
    #[error("{}", store_message(.0))]
    Store(#[from] store::Error),
    /// The tags are not such as a key may have.
    #[error("{0}")]
    Tags(&'static str),
    /// The token holds as much as it may.
    #[error(
        "the token holds as many keys as it may for now: use the import parameters there are, delete keys that are not needed, or try again later"
    )]
    TokenFull {
        /// Until something may be gone.
        retry_after: Duration,
    },
    /// The import token's time is over.
    #[error("the import token is expired: get new parameters for import")]
    TokenExpired,
    /// The token did not do it.
    #[error("{}", hsm_message(.0))]
    Hsm(#[from] hsm::Error),
    /// The identifier names no key.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// The caller asks more often than they may.
    #[error("You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")]
    TooOften {
        /// What.
        action: Action,
        /// Until they may again.
        retry_after: Duration,
    },
    /// Another Region says no, or does not answer.
    #[error(transparent)]
    Peer(Untold),
    /// What was done could not be written down, or would not be.
    #[error("the audit log cannot be written: try again")]
    Unaudited(#[source] audit::Unwritable),
    /// Nobody that this service knows.
    #[error("the caller is not a principal of this service")]
    Unidentified,
    /// What keyferry, or the token, does not do.
    #[error("{0}")]
    Unsupported(String),
}

impl Error {
    /// The reference's name for it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::AliasTaken(_) => Kind::AlreadyExists,
            Self::DryRun => Kind::DryRun,
            Self::Elsewhere { .. } => Kind::DependencyTimeout,
            Self::GrantTokens => Kind::InvalidGrantToken,
            Self::IncorrectKey => Kind::IncorrectKey,
            Self::MalformedPolicy(_) => Kind::MalformedPolicyDocument,
            Self::PolicyTooLong => Kind::LimitExceeded,
            Self::UndecryptableCiphertext => Kind::InvalidCiphertext,
            Self::Unreadable(_) => Kind::Serialization,
            Self::WrongMac => Kind::KmsInvalidMac,
            Self::WrongSignature => Kind::KmsInvalidSignature,
            Self::Denied { .. } => Kind::AccessDenied,
            Self::Hsm(hsm::Error::Busy) | Self::NoneReady { .. } | Self::TooOften { .. } => Kind::Throttling,
            Self::Occupied | Self::Pending { .. } => Kind::InvalidState,
            Self::Unaudited(audit::Unwritable::Busy) => Kind::Throttling,
            Self::Unaudited(_) => Kind::DependencyTimeout,
            Self::Unidentified => Kind::UnrecognizedClient,
            Self::Hsm(hsm::Error::Full(_)) | Self::Capped { .. } | Self::TokenFull { .. } => Kind::LimitExceeded,
            Self::Hsm(hsm::Error::Gone(_) | hsm::Error::Hanging | hsm::Error::Stale(_)) => Kind::DependencyTimeout,
            Self::Hsm(hsm::Error::Lacks(_)) | Self::Unsupported(_) => Kind::Unsupported,
            Self::Hsm(hsm::Error::Rejected) | Self::InvalidCiphertext => Kind::InvalidCiphertext,
            Self::Hsm(
                hsm::Error::Failed(_)
                | hsm::Error::Host(_)
                | hsm::Error::Misbehaved(_)
                | hsm::Error::Missing(_)
                | hsm::Error::Stopped,
            ) => Kind::Internal,
            Self::Invalid(_) => Kind::Validation,
            Self::InvalidImportToken => Kind::InvalidImportToken,
            Self::InvalidMarker => Kind::InvalidMarker,
            Self::Key { refused, .. } => Kind::of(refused),
            Self::Peer(Untold::Refused { kind, .. }) => *kind,
            Self::Peer(Untold::Later { .. } | Untold::Unreached { .. }) => Kind::DependencyTimeout,
            Self::Signature(refused) => of_signature(refused),
            Self::Store(store::Error::Conflict | store::Error::ReadOnly | store::Error::Unreachable(_)) => {
                Kind::DependencyTimeout
            }
            Self::Store(_) => Kind::Internal,
            Self::Tags(_) => Kind::Tag,
            Self::TokenExpired => Kind::ExpiredImportToken,
            Self::Unresolved(Unresolved::Invalid(_)) => Kind::Validation,
            Self::Unresolved(Unresolved::InvalidArn(_)) => Kind::InvalidArn,
            Self::Unresolved(Unresolved::NotFound(_)) => Kind::NotFound,
        }
    }

    /// The field that is to blame, in lowerCamelCase.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(invalid)
            | Self::Unresolved(Unresolved::Invalid(invalid))
            | Self::Key { refused: Refused::Invalid(invalid), .. } => Some(invalid.field),
            Self::Key { refused: Refused::NoSuchPolicy, .. } => Some("policyName"),
            Self::Unresolved(_) => Some("keyId"),
            Self::InvalidMarker => Some("marker"),
            Self::Tags(_) | Self::Key { refused: Refused::TooManyTags, .. } => Some("tags"),
            Self::AliasTaken(_) => Some("aliasName"),
            Self::Key { refused: Refused::NoReplica(_), .. } => Some("primaryRegion"),
            Self::Key { refused: Refused::Replicated(_), .. } => Some("replicaRegion"),
            Self::GrantTokens => Some("grantTokens"),
            Self::MalformedPolicy(_) | Self::PolicyTooLong => Some("policy"),
            Self::UndecryptableCiphertext => Some("ciphertextBlob"),
            Self::InvalidImportToken | Self::TokenExpired => Some("importToken"),
            Self::InvalidCiphertext | Self::Hsm(hsm::Error::Rejected) => Some("encryptedKeyMaterial"),
            _ => None,
        }
    }

    /// How long to wait before trying again, where that can help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Capped { retry_after, .. }
            | Self::NoneReady { retry_after, .. }
            | Self::TokenFull { retry_after }
            | Self::TooOften { retry_after, .. } => Some(*retry_after),
            Self::Hsm(hsm::Error::Full(_)) => Some(Duration::from_secs(60)),
            _ => matches!(self.kind(), Kind::DependencyTimeout | Kind::Throttling).then_some(Duration::from_secs(1)),
        }
    }
}

fn of_signature(refused: &sigv4::Refused) -> Kind {
    use sigv4::Refused;
    match refused {
        Refused::Incomplete(_) | Refused::InQuery => Kind::IncompleteSignature,
        Refused::Missing => Kind::MissingAuthenticationToken,
        Refused::SessionToken | Refused::UnknownKey => Kind::UnrecognizedClient,
        Refused::AlteredBody
        | Refused::Expired { .. }
        | Refused::Mismatch
        | Refused::NotYetCurrent { .. }
        | Refused::OutOfScope(_)
        | Refused::Unsigned(_) => Kind::InvalidSignature,
    }
}

impl From<Unkept> for Error {
    fn from(unkept: Unkept) -> Self {
        match unkept {
            Unkept::Malformed(message) => Self::MalformedPolicy(message),
            Unkept::TooLong => Self::PolicyTooLong,
        }
    }
}

//! Why a key does not do what it was asked to.

use super::super::{Invalid, KeyArn, KeyMaterialId, KeySpec, KeyUsage, Origin};

/// A refusal by a key's state or kind. The wording is the reference's; [`Refused::message`] puts the key's ARN into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// InvalidKeyUsageException: an algorithm of other keys.
    Algorithm {
        /// The one that was asked for.
        algorithm: &'static str,
        /// The key's kind.
        spec: KeySpec,
    },
    /// DisabledException.
    Disabled,
    /// IncorrectKeyMaterialException: not the material that was expected.
    IncorrectMaterial,
    /// ValidationException.
    Invalid(Invalid),
    /// NotFoundException: was never this key's.
    NoSuchMaterial(KeyMaterialId),
    /// NotFoundException: a key has one policy document, which has one name.
    NoSuchPolicy,
    /// KMSInvalidStateException: no new material waits.
    NoneToRotateTo,
    /// UnsupportedOperationException: not of a kind that rotates.
    NotRotatable,
    /// LimitExceededException.
    RotationsSpent,
    /// InvalidKeyUsageException: not what the key is for.
    Usage {
        /// What it is for.
        usage: KeyUsage,
        /// What was asked for.
        operation: &'static str,
    },
    /// UnsupportedOperationException: has no public half.
    NoPublicKey(KeySpec),
    /// KMSInvalidStateException.
    NotPendingDeletion,
    /// UnsupportedOperationException: the material is made in the token.
    Origin(Origin),
    /// KMSInvalidStateException.
    PendingDeletion,
    /// KMSInvalidStateException.
    PendingImport,
    /// KMSInvalidStateException: a second new material.
    PendingRotation {
        /// The one that came.
        new: KeyMaterialId,
        /// The one that waits.
        pending: KeyMaterialId,
    },
    /// LimitExceededException.
    TooManyAliases,
    /// TagException.
    TooManyTags,
    /// UnsupportedOperationException: a field for symmetric encryption keys only.
    SymmetricOnly(&'static str, KeySpec),
}

impl Refused {
    /// The refusal in words, about the key of this ARN.
    pub fn message(&self, arn: &KeyArn) -> String {
        match self {
            Self::Algorithm { algorithm, spec } => {
                format!("Algorithm {algorithm} is incompatible with key spec {spec}.")
            }
            Self::NoneToRotateTo => format!("No available key material pending rotation for the key: {arn}."),
            Self::NotRotatable => "only symmetric encryption keys rotate".to_owned(),
            Self::RotationsSpent => format!(
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: {arn}"
            ),
            Self::Usage { usage, operation } => format!("{arn} key usage is {usage} which is not valid for {operation}."),
            Self::Disabled => format!("{arn} is disabled."),
            Self::IncorrectMaterial => "the key material is not the material that this key expects".to_owned(),
            Self::Invalid(invalid) => invalid.message.clone(),
            Self::NoSuchMaterial(id) => format!("Key material (id: {id}) is not associated with KMS key {arn}."),
            Self::NoSuchPolicy => "No such policy exists".to_owned(),
            Self::NoPublicKey(spec) => format!("{arn} key spec {spec} has no public key."),
            Self::NotPendingDeletion => format!("{arn} is not pending deletion."),
            Self::Origin(origin) => format!("{arn} origin is {origin} which is not valid for this operation."),
            Self::PendingDeletion => format!("{arn} is pending deletion."),
            Self::PendingImport => format!("{arn} is pending import."),
            Self::PendingRotation { new, pending } => format!(
                "New key material (id: {new}) cannot be imported into KMS key {arn}, because another key material (id: {pending}) is pending rotation."
            ),
            Self::TooManyAliases => format!("{arn} has as many aliases as a key may have: delete one that is not needed."),
            Self::TooManyTags => "Too many tags".to_owned(),
            Self::SymmetricOnly(field, spec) => format!("{arn} key spec {spec} is not valid for {field}."),
        }
    }
}

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

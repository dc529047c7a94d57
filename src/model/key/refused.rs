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
    /// KMSInvalidStateException: a replica is just being made.
    Creating,
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
    /// KMSInvalidStateException: a replica whose waiting period is over.
    Leaving,
    /// UnsupportedOperationException: a replica, or no multi-Region key.
    NotPrimary,
    /// NotFoundException: there is no replica in this Region.
    NoReplica(String),
    /// DependencyTimeoutException: the key has not heard yet that the primary is in this Region.
    NotItsPrimary(String),
    /// UnsupportedOperationException: new material comes in through the primary.
    NewInReplica,
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
    /// KMSInvalidStateException: its waiting period begins when its replicas are gone.
    PendingReplicaDeletion,
    /// AlreadyExistsException: this Region has a replica.
    Replicated(String),
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
    /// NotFoundException: of the same id as a key of another Region, and not related to it.
    Unrelated,
    /// KMSInvalidStateException: another becomes the primary.
    Updating,
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
            Self::Creating => format!("{arn} is creating."),
            Self::Disabled => format!("{arn} is disabled."),
            Self::IncorrectMaterial => "the key material is not the material that this key expects".to_owned(),
            Self::Invalid(invalid) => invalid.message.clone(),
            Self::NoSuchMaterial(id) => format!("Key material (id: {id}) is not associated with KMS key {arn}."),
            Self::NoSuchPolicy => "No such policy exists".to_owned(),
            Self::Leaving => format!("{arn} is being deleted."),
            Self::NotPrimary => format!("{arn} is not a multi-region primary key."),
            Self::NoReplica(region) => format!("{arn} has no replica key in {region}."),
            Self::NotItsPrimary(region) => {
                format!("{arn} does not know of a primary key in {region} yet: it is told by the one before.")
            }
            Self::NewInReplica => format!(
                "{arn} is a replica key: import new key material into its primary key, and then the same as EXISTING_KEY_MATERIAL here."
            ),
            Self::PendingReplicaDeletion => format!("{arn} is pending replica deletion."),
            Self::Replicated(region) => format!("{arn} has a replica key in {region} already."),
            Self::Unrelated => format!("{arn} is not related to the multi-Region key of this id in the other Region."),
            Self::Updating => format!("{arn} is updating."),
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

//! What kind of error a refusal is, by the reference's names.

use crate::model::Refused;

crate::named! {
    /// The reference's name of an error: what `google.rpc.ErrorInfo.reason` and the JSON front's `__type` say.
    pub enum Kind {
        /// Not for this caller.
        AccessDenied = "AccessDeniedException",
        /// The name is taken.
        AlreadyExists = "AlreadyExistsException",
        /// Not in time; may be tried again.
        DependencyTimeout = "DependencyTimeoutException",
        /// The key is disabled.
        Disabled = "DisabledException",
        /// It was only asked whether it would be done, and it would.
        DryRun = "DryRunOperationException",
        /// The import token's time is over.
        ExpiredImportToken = "ExpiredImportTokenException",
        /// The signature of a request lacks parts.
        IncompleteSignature = "IncompleteSignatureException",
        /// Not the key that the ciphertext is of.
        IncorrectKey = "IncorrectKeyException",
        /// Not the material that the key expects.
        IncorrectKeyMaterial = "IncorrectKeyMaterialException",
        /// Ours to fix.
        Internal = "KMSInternalException",
        /// Not an ARN of a key.
        InvalidArn = "InvalidArnException",
        /// The wrapped material could not be unwrapped, or is not right.
        InvalidCiphertext = "InvalidCiphertextException",
        /// There are no grants, and so no tokens of any.
        InvalidGrantToken = "InvalidGrantTokenException",
        /// Not an import token of this installation, for this key, of use.
        InvalidImportToken = "InvalidImportTokenException",
        /// Not what the key is for.
        InvalidKeyUsage = "InvalidKeyUsageException",
        /// Not a marker that ListKeys gave.
        InvalidMarker = "InvalidMarkerException",
        /// The signature of a request is wrong, or of another time.
        InvalidSignature = "InvalidSignatureException",
        /// Not in this state.
        InvalidState = "KMSInvalidStateException",
        /// Not the MAC of this message.
        KmsInvalidMac = "KMSInvalidMacException",
        /// Not the signature of this message.
        KmsInvalidSignature = "KMSInvalidSignatureException",
        /// As many as there may be.
        LimitExceeded = "LimitExceededException",
        /// Not a policy document that could be kept.
        MalformedPolicyDocument = "MalformedPolicyDocumentException",
        /// The request is not signed.
        MissingAuthenticationToken = "MissingAuthenticationTokenException",
        /// There is no such key.
        NotFound = "NotFoundException",
        /// The request is not of the form that the protocol has.
        Serialization = "SerializationException",
        /// The tags of a key are wrong.
        Tag = "TagException",
        /// Too much at once; may be tried again.
        Throttling = "ThrottlingException",
        /// Nobody that this service knows.
        UnrecognizedClient = "UnrecognizedClientException",
        /// Not for this key, or not served.
        Unsupported = "UnsupportedOperationException",
        /// A field is wrong.
        Validation = "ValidationException",
    }
}

impl Kind {
    /// What a key's refusal is.
    pub(super) fn of(refused: &Refused) -> Self {
        match refused {
            Refused::Disabled => Self::Disabled,
            Refused::IncorrectMaterial => Self::IncorrectKeyMaterial,
            Refused::Invalid(_) => Self::Validation,
            Refused::NoReplica(_) | Refused::NoSuchMaterial(_) | Refused::NoSuchPolicy | Refused::Unrelated => {
                Self::NotFound
            }
            Refused::NotItsPrimary(_) => Self::DependencyTimeout,
            Refused::Replicated(_) => Self::AlreadyExists,
            Refused::Algorithm { .. } | Refused::Usage { .. } => Self::InvalidKeyUsage,
            Refused::RotationsSpent | Refused::TooManyAliases => Self::LimitExceeded,
            Refused::TooManyTags => Self::Tag,
            Refused::NewInReplica
            | Refused::NoPublicKey(_)
            | Refused::NotPrimary
            | Refused::NotRotatable
            | Refused::Origin(_)
            | Refused::SymmetricOnly(..) => Self::Unsupported,
            Refused::Creating
            | Refused::Leaving
            | Refused::NoneToRotateTo
            | Refused::NotPendingDeletion
            | Refused::PendingDeletion
            | Refused::PendingImport
            | Refused::PendingReplicaDeletion
            | Refused::PendingRotation { .. }
            | Refused::Updating => Self::InvalidState,
        }
    }
}

//! What can be asked for, under the names that policies know.

crate::named! {
    /// An operation, as a policy names it: the reference's IAM actions, and keyferry's own.
    pub enum Action {
        /// Moves the clock of a service that lets it be moved.
        AdvanceClock = "keyferry:AdvanceClock",
        /// Lets another principal's import happen.
        ApproveImport = "keyferry:ApproveImport",
        /// Takes a scheduled deletion back.
        CancelKeyDeletion = "kms:CancelKeyDeletion",
        /// Gives a key another name.
        CreateAlias = "kms:CreateAlias",
        /// Makes a key.
        CreateKey = "kms:CreateKey",
        /// Decrypts under a key.
        Decrypt = "kms:Decrypt",
        /// Takes a name from a key.
        DeleteAlias = "kms:DeleteAlias",
        /// Destroys imported key material.
        DeleteImportedKeyMaterial = "kms:DeleteImportedKeyMaterial",
        /// Agrees on a secret.
        DeriveSharedSecret = "kms:DeriveSharedSecret",
        /// Shows a key.
        DescribeKey = "kms:DescribeKey",
        /// Makes a key unusable.
        DisableKey = "kms:DisableKey",
        /// Ends automatic rotation, which no key here has.
        DisableKeyRotation = "kms:DisableKeyRotation",
        /// Makes a key usable.
        EnableKey = "kms:EnableKey",
        /// Begins automatic rotation, which no key here has.
        EnableKeyRotation = "kms:EnableKeyRotation",
        /// Encrypts under a key.
        Encrypt = "kms:Encrypt",
        /// Makes a data key, plain and encrypted under a key.
        GenerateDataKey = "kms:GenerateDataKey",
        /// Makes a data key, encrypted under a key.
        GenerateDataKeyWithoutPlaintext = "kms:GenerateDataKeyWithoutPlaintext",
        /// Makes a MAC.
        GenerateMac = "kms:GenerateMac",
        /// Gives random bytes.
        GenerateRandom = "kms:GenerateRandom",
        /// Shows the policy document that is kept with a key.
        GetKeyPolicy = "kms:GetKeyPolicy",
        /// Shows whether a key rotates by itself.
        GetKeyRotationStatus = "kms:GetKeyRotationStatus",
        /// Hands out a wrapping key and an import token.
        GetParametersForImport = "kms:GetParametersForImport",
        /// Shows the public half of a private key.
        GetPublicKey = "kms:GetPublicKey",
        /// Shows what the service is.
        GetServerInfo = "keyferry:GetServerInfo",
        /// Shows what the token can do.
        GetTokenProfile = "keyferry:GetTokenProfile",
        /// Brings key material in.
        ImportKeyMaterial = "kms:ImportKeyMaterial",
        /// Lists the names of keys.
        ListAliases = "kms:ListAliases",
        /// Lists the policy documents that are kept with a key.
        ListKeyPolicies = "kms:ListKeyPolicies",
        /// Lists the materials of a key and when they took their turn.
        ListKeyRotations = "kms:ListKeyRotations",
        /// Lists keys.
        ListKeys = "kms:ListKeys",
        /// Lists imports that wait for approval.
        ListPendingImports = "keyferry:ListPendingImports",
        /// Lists the tags of a key.
        ListResourceTags = "kms:ListResourceTags",
        /// Keeps a policy document with a key.
        PutKeyPolicy = "kms:PutKeyPolicy",
        /// Encrypts anew: the half that decrypts.
        ReEncryptFrom = "kms:ReEncryptFrom",
        /// Encrypts anew: the half that encrypts.
        ReEncryptTo = "kms:ReEncryptTo",
        /// Turns another principal's import down.
        RejectImport = "keyferry:RejectImport",
        /// Makes a replica of a multi-Region key in another Region.
        ReplicateKey = "kms:ReplicateKey",
        /// Has new material take its turn.
        RotateKeyOnDemand = "kms:RotateKeyOnDemand",
        /// Schedules a key's end.
        ScheduleKeyDeletion = "kms:ScheduleKeyDeletion",
        /// Signs.
        Sign = "kms:Sign",
        /// Tells of related multi-Region keys: between services, never for people.
        SynchronizeMultiRegionKey = "kms:SynchronizeMultiRegionKey",
        /// Tags a key.
        TagResource = "kms:TagResource",
        /// Takes tags from a key.
        UntagResource = "kms:UntagResource",
        /// Gives a name to another key.
        UpdateAlias = "kms:UpdateAlias",
        /// Changes the owner's words for a key.
        UpdateKeyDescription = "kms:UpdateKeyDescription",
        /// Makes another of related multi-Region keys the primary.
        UpdatePrimaryRegion = "kms:UpdatePrimaryRegion",
        /// Verifies a signature.
        Verify = "kms:Verify",
        /// Verifies a MAC.
        VerifyMac = "kms:VerifyMac",
    }
}

impl Action {
    /// The operation's name, as the wire protocols and the audit log have it: without the prefix of the service. ReEncrypt is one
    /// operation, and two rights.
    pub fn operation(self) -> &'static str {
        match self {
            Self::ReEncryptFrom | Self::ReEncryptTo => "ReEncrypt",
            other => other.as_str().split_once(':').map_or(other.as_str(), |(_, operation)| operation),
        }
    }

    /// Whether it is on an account: there is no key yet, or there are many, or none is meant. All others are on a key.
    pub fn is_on_account(self) -> bool {
        matches!(
            self,
            Self::AdvanceClock
                | Self::CreateKey
                | Self::GenerateRandom
                | Self::GetServerInfo
                | Self::GetTokenProfile
                | Self::ListAliases
                | Self::ListKeys
                | Self::ListPendingImports
                | Self::SynchronizeMultiRegionKey
        )
    }

    /// What the audit log calls read-only. The reference counts GetParametersForImport among these, and every use of a key (KMS
    /// Developer Guide, "Logging").
    pub fn is_read_only(self) -> bool {
        match self {
            Self::Decrypt
            | Self::DeriveSharedSecret
            | Self::DescribeKey
            | Self::Encrypt
            | Self::GenerateDataKey
            | Self::GenerateDataKeyWithoutPlaintext
            | Self::GenerateMac
            | Self::GenerateRandom
            | Self::GetKeyPolicy
            | Self::GetKeyRotationStatus
            | Self::GetParametersForImport
            | Self::GetPublicKey
            | Self::GetServerInfo
            | Self::GetTokenProfile
            | Self::ListAliases
            | Self::ListKeyPolicies
            | Self::ListKeyRotations
            | Self::ListKeys
            | Self::ListPendingImports
            | Self::ListResourceTags
            | Self::ReEncryptFrom
            | Self::ReEncryptTo
            | Self::Sign
            | Self::Verify
            | Self::VerifyMac => true,
            Self::AdvanceClock
            | Self::ApproveImport
            | Self::CancelKeyDeletion
            | Self::CreateAlias
            | Self::CreateKey
            | Self::DeleteAlias
            | Self::DeleteImportedKeyMaterial
            | Self::DisableKey
            | Self::DisableKeyRotation
            | Self::EnableKey
            | Self::EnableKeyRotation
            | Self::ImportKeyMaterial
            | Self::PutKeyPolicy
            | Self::RejectImport
            | Self::ReplicateKey
            | Self::RotateKeyOnDemand
            | Self::ScheduleKeyDeletion
            | Self::SynchronizeMultiRegionKey
            | Self::TagResource
            | Self::UntagResource
            | Self::UpdateAlias
            | Self::UpdateKeyDescription
            | Self::UpdatePrimaryRegion => false,
        }
    }

    /// Whether it can change the record or the token: its line in the audit log is durable before it is answered.
    pub fn changes_state(self) -> bool {
        !self.is_read_only() || self == Self::GetParametersForImport
    }
}

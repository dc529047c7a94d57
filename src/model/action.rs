//! What can be asked for, under the names that policies know.

crate::named! {
    /// An operation, as a policy names it: the reference's IAM actions, and keyferry's own.
    pub enum Action {
        /// Lets another principal's import happen.
        ApproveImport = "keyferry:ApproveImport",
        /// Takes a scheduled deletion back.
        CancelKeyDeletion = "kms:CancelKeyDeletion",
        /// Makes a key.
        CreateKey = "kms:CreateKey",
        /// Destroys imported key material.
        DeleteImportedKeyMaterial = "kms:DeleteImportedKeyMaterial",
        /// Shows a key.
        DescribeKey = "kms:DescribeKey",
        /// Makes a key unusable.
        DisableKey = "kms:DisableKey",
        /// Makes a key usable.
        EnableKey = "kms:EnableKey",
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
        /// Lists keys.
        ListKeys = "kms:ListKeys",
        /// Lists imports that wait for approval.
        ListPendingImports = "keyferry:ListPendingImports",
        /// Turns another principal's import down.
        RejectImport = "keyferry:RejectImport",
        /// Schedules a key's end.
        ScheduleKeyDeletion = "kms:ScheduleKeyDeletion",
        /// Changes the owner's words for a key.
        UpdateKeyDescription = "kms:UpdateKeyDescription",
    }
}

impl Action {
    /// The operation's name, as the wire protocols and the audit log have it: without the prefix of the service.
    pub fn operation(self) -> &'static str {
        self.as_str().split_once(':').map_or(self.as_str(), |(_, operation)| operation)
    }

    /// Whether it is on an account: there is no key yet, or there are many, or none is meant. All others are on a key.
    pub fn is_on_account(self) -> bool {
        matches!(
            self,
            Self::CreateKey | Self::GetServerInfo | Self::GetTokenProfile | Self::ListKeys | Self::ListPendingImports
        )
    }

    /// What the audit log calls read-only. The reference counts GetParametersForImport among these (KMS Developer Guide, "Logging").
    pub fn is_read_only(self) -> bool {
        matches!(
            self,
            Self::DescribeKey
                | Self::GetParametersForImport
                | Self::GetPublicKey
                | Self::GetServerInfo
                | Self::GetTokenProfile
                | Self::ListKeys
                | Self::ListPendingImports
        )
    }

    /// Whether it can change the record or the token: its line in the audit log is durable before it is answered.
    pub fn changes_state(self) -> bool {
        !self.is_read_only() || self == Self::GetParametersForImport
    }
}

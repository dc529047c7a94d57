//! What kind of error a refusal is, by the reference's names.

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

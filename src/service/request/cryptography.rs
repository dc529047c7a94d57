//! Uses of a key. What is plain in them wipes itself and prints redacted.

use std::collections::BTreeMap;

use secrecy::SecretSlice;

use crate::model::{KeyArn, KeyMaterialId};

/// What is authenticated with a ciphertext, and not hidden: names and values.
pub type EncryptionContext = BTreeMap<String, String>;

/// What every use of a key may say besides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// There are no grants: any is refused.
    pub grant_tokens: Vec<String>,
    /// Only asks whether it would be done.
    pub dry_run: bool,
    /// Wants the answer for an enclave, which is not done.
    pub for_recipient: bool,
}

/// Encrypt.
#[derive(Debug)]
pub struct Encrypt {
    /// A key id, key ARN, alias or alias ARN.
    pub key_id: String,
    /// 1 to 4096 bytes.
    pub plaintext: SecretSlice<u8>,
    /// For symmetric keys.
    pub encryption_context: EncryptionContext,
    /// SYMMETRIC_DEFAULT where absent.
    pub encryption_algorithm: Option<String>,
    /// The rest.
    pub options: Options,
}

/// Encrypt's answer.
#[derive(Clone, Debug)]
pub struct Encrypted {
    /// The key's ARN.
    pub arn: KeyArn,
    /// What was encrypted.
    pub ciphertext: Vec<u8>,
    /// How.
    pub algorithm: &'static str,
}

/// Decrypt.
#[derive(Debug)]
pub struct Decrypt {
    /// 1 to 6144 bytes. Required.
    pub ciphertext: Vec<u8>,
    /// As it was encrypted with.
    pub encryption_context: EncryptionContext,
    /// Required for asymmetric keys. A ciphertext of another key is refused.
    pub key_id: Option<String>,
    /// SYMMETRIC_DEFAULT where absent.
    pub encryption_algorithm: Option<String>,
    /// The rest.
    pub options: Options,
}

/// Decrypt's answer.
#[derive(Debug)]
pub struct Decrypted {
    /// The key's ARN.
    pub arn: KeyArn,
    /// What was encrypted.
    pub plaintext: SecretSlice<u8>,
    /// How.
    pub algorithm: &'static str,
    /// Symmetric keys only.
    pub material: Option<KeyMaterialId>,
}

/// ReEncrypt.
#[derive(Debug)]
pub struct ReEncrypt {
    /// 1 to 6144 bytes. Required.
    pub ciphertext: Vec<u8>,
    /// As it was encrypted with.
    pub source_encryption_context: EncryptionContext,
    /// As Decrypt's.
    pub source_key_id: Option<String>,
    /// As Decrypt's.
    pub source_encryption_algorithm: Option<String>,
    /// As Encrypt's.
    pub destination_key_id: String,
    /// As Encrypt's.
    pub destination_encryption_context: EncryptionContext,
    /// As Encrypt's.
    pub destination_encryption_algorithm: Option<String>,
    /// The rest.
    pub options: Options,
}

/// ReEncrypt's answer.
#[derive(Clone, Debug)]
pub struct ReEncrypted {
    /// Encrypted anew.
    pub ciphertext: Vec<u8>,
    /// The ARN of the key that decrypted.
    pub source: KeyArn,
    /// The ARN of the key that encrypted.
    pub destination: KeyArn,
    /// How it was encrypted.
    pub source_algorithm: &'static str,
    /// How it is now.
    pub destination_algorithm: &'static str,
    /// Symmetric keys only.
    pub source_material: Option<KeyMaterialId>,
    /// Symmetric keys only.
    pub destination_material: Option<KeyMaterialId>,
}

/// GenerateDataKey, GenerateDataKeyWithoutPlaintext.
#[derive(Clone, Debug, Default)]
pub struct GenerateDataKey {
    /// A key id, key ARN, alias or alias ARN.
    pub key_id: String,
    /// What is authenticated with it.
    pub encryption_context: EncryptionContext,
    /// AES_256 or AES_128; either this or the next.
    pub key_spec: Option<String>,
    /// 1 to 1024.
    pub number_of_bytes: Option<i32>,
    /// The rest.
    pub options: Options,
}

/// Their answer.
#[derive(Debug)]
pub struct DataKey {
    /// The key's ARN.
    pub arn: KeyArn,
    /// The data key, where it was asked for.
    pub plaintext: Option<SecretSlice<u8>>,
    /// The data key, encrypted.
    pub ciphertext: Vec<u8>,
    /// Which material encrypted it.
    pub material: KeyMaterialId,
}

/// GenerateMac.
#[derive(Debug)]
pub struct GenerateMac {
    /// A key id, key ARN, alias or alias ARN.
    pub key_id: String,
    /// 1 to 4096 bytes.
    pub message: SecretSlice<u8>,
    /// A name such as HMAC_SHA_256. Required.
    pub mac_algorithm: Option<String>,
    /// The rest.
    pub options: Options,
}

/// VerifyMac.
#[derive(Debug)]
pub struct VerifyMac {
    /// What the MAC is of, and the rest.
    pub of: GenerateMac,
    /// 1 to 6144 bytes. Required.
    pub mac: Vec<u8>,
}

/// GenerateMac's answer; VerifyMac's, without the MAC.
#[derive(Clone, Debug)]
pub struct Mac {
    /// The key's ARN.
    pub arn: KeyArn,
    /// As requested.
    pub algorithm: &'static str,
    /// The MAC.
    pub mac: Vec<u8>,
}

/// Sign.
#[derive(Debug)]
pub struct Sign {
    /// A key id, key ARN, alias or alias ARN.
    pub key_id: String,
    /// 1 to 4096 bytes: the message, or its digest.
    pub message: SecretSlice<u8>,
    /// RAW (the default) or DIGEST.
    pub message_type: Option<String>,
    /// A name such as ECDSA_SHA_256. Required.
    pub signing_algorithm: Option<String>,
    /// The rest.
    pub options: Options,
}

/// Verify.
#[derive(Debug)]
pub struct Verify {
    /// What the signature is of, and the rest.
    pub of: Sign,
    /// 1 to 6144 bytes. Required. An ECDSA signature is DER (RFC 3279, Section 2.2.3).
    pub signature: Vec<u8>,
}

/// Sign's answer; Verify's, without the signature.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The key's ARN.
    pub arn: KeyArn,
    /// As requested.
    pub algorithm: &'static str,
    /// The signature. An ECDSA signature is DER (RFC 3279, Section 2.2.3).
    pub signature: Vec<u8>,
}

/// DeriveSharedSecret.
#[derive(Clone, Debug, Default)]
pub struct DeriveSharedSecret {
    /// A key id, key ARN, alias or alias ARN.
    pub key_id: String,
    /// ECDH. Required.
    pub key_agreement_algorithm: Option<String>,
    /// The peer's, DER SubjectPublicKeyInfo on the key's curve; 1 to 8192 bytes.
    pub public_key: Vec<u8>,
    /// The rest.
    pub options: Options,
}

/// DeriveSharedSecret's answer.
#[derive(Debug)]
pub struct SharedSecret {
    /// The key's ARN.
    pub arn: KeyArn,
    /// The x coordinate (NIST SP 800-56A, Section 5.7.1.2), as long as a field element.
    pub secret: SecretSlice<u8>,
    /// The key's origin.
    pub origin: crate::model::Origin,
}

/// GenerateRandom.
#[derive(Clone, Debug, Default)]
pub struct GenerateRandom {
    /// 1 to 1024. Required.
    pub number_of_bytes: Option<i32>,
    /// There are none.
    pub custom_key_store_id: Option<String>,
    /// Wants the answer for an enclave, which is not done.
    pub for_recipient: bool,
}

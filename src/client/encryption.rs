//! Encrypting and decrypting inside the token. What comes back plain wipes itself and prints redacted.

use std::collections::BTreeMap;

use secrecy::SecretSlice;

use super::connection::Client;
use super::error::{Error, Local};
use super::key::material_id;
use super::wire::{Wire, arn};
use crate::model::{EncryptionAlgorithm, KeyMaterialId};
use crate::proto;

/// How something is, or was, encrypted. The default is that of symmetric keys, with nothing said beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// SYMMETRIC_DEFAULT where absent; RSA keys want it said.
    pub algorithm: Option<EncryptionAlgorithm>,
    /// Symmetric keys only: what is authenticated with the ciphertext and not hidden.
    pub context: BTreeMap<String, String>,
}

impl Encryption {
    /// Under an RSA key.
    pub fn with(algorithm: EncryptionAlgorithm) -> Self {
        Self { algorithm: Some(algorithm), context: BTreeMap::new() }
    }

    /// Adds a name and a value to the context, in the place of what the name had.
    #[must_use]
    pub fn context(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.context.insert(name.into(), value.into());
        self
    }

    fn algorithm(&self) -> i32 {
        self.algorithm.map_or(0, |algorithm| algorithm.number())
    }
}

/// What was encrypted, as it was.
#[derive(Debug)]
pub struct Decrypted {
    /// The ARN of the key.
    pub arn: String,
    /// What was encrypted.
    pub plaintext: SecretSlice<u8>,
    /// Symmetric keys only: the material that decrypted it.
    pub material_id: Option<KeyMaterialId>,
}

/// What was encrypted anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReEncrypted {
    /// Under the other key.
    pub ciphertext: Vec<u8>,
    /// The ARN of the key that decrypted.
    pub source: String,
    /// The ARN of the key that encrypted.
    pub destination: String,
}

/// A key for data, made in the token.
#[derive(Debug)]
pub struct DataKey {
    /// The ARN of the key that it is encrypted under.
    pub arn: String,
    /// The data key.
    pub plaintext: SecretSlice<u8>,
    /// The data key, encrypted: to be kept with what is encrypted under it.
    pub ciphertext: Vec<u8>,
    /// The material that encrypted it.
    pub material_id: Option<KeyMaterialId>,
}

/// Keys are named by their ids, ARNs, aliases or the ARNs of these. Each fails as [`Client::call`] does, or with [`Error::Local`]
/// where it does not understand the answer.
impl Client {
    /// Encrypt: up to 4096 bytes; answers the ciphertext.
    pub async fn encrypt(&self, key_id: &str, plaintext: &[u8], how: &Encryption) -> Result<Vec<u8>, Error> {
        let question = proto::EncryptRequest {
            key_id: key_id.to_owned(),
            plaintext: plaintext.to_vec(),
            encryption_context: how.context.clone(),
            encryption_algorithm: how.algorithm(),
            ..Default::default()
        };
        let encrypted: proto::EncryptResponse = self.ask("/keyferry.v1.CryptographyService/Encrypt", &question).await?;
        Ok(encrypted.ciphertext_blob)
    }

    /// Decrypt. A ciphertext of a symmetric key names its key; that of another than the one named here is refused.
    pub async fn decrypt(&self, key_id: Option<&str>, ciphertext: &[u8], how: &Encryption) -> Result<Decrypted, Error> {
        let question = proto::DecryptRequest {
            ciphertext_blob: ciphertext.to_vec(),
            encryption_context: how.context.clone(),
            key_id: key_id.map(str::to_owned),
            encryption_algorithm: how.algorithm(),
            ..Default::default()
        };
        let decrypted: proto::DecryptResponse =
            self.ask_secret("/keyferry.v1.CryptographyService/Decrypt", &question).await?;
        Ok(Decrypted {
            plaintext: decrypted.plaintext.into(),
            arn: arn("KeyId", decrypted.key_id)?,
            material_id: material_id("KeyMaterialId", &decrypted.key_material_id)?,
        })
    }

    /// ReEncrypt: what was encrypted under one key, under another. The plaintext does not leave the service.
    pub async fn re_encrypt(
        &self,
        ciphertext: &[u8],
        source: (Option<&str>, &Encryption),
        destination: (&str, &Encryption),
    ) -> Result<ReEncrypted, Error> {
        let question = proto::ReEncryptRequest {
            ciphertext_blob: ciphertext.to_vec(),
            source_encryption_context: source.1.context.clone(),
            source_key_id: source.0.map(str::to_owned),
            source_encryption_algorithm: source.1.algorithm(),
            destination_key_id: destination.0.to_owned(),
            destination_encryption_context: destination.1.context.clone(),
            destination_encryption_algorithm: destination.1.algorithm(),
            ..Default::default()
        };
        let encrypted: proto::ReEncryptResponse = self.ask("/keyferry.v1.CryptographyService/ReEncrypt", &question).await?;
        Ok(ReEncrypted {
            ciphertext: encrypted.ciphertext_blob,
            source: arn("SourceKeyId", encrypted.source_key_id)?,
            destination: arn("KeyId", encrypted.key_id)?,
        })
    }

    /// GenerateDataKey, of so many bytes, 1 to 1024; with the context that its ciphertext is bound to.
    pub async fn generate_data_key(
        &self,
        key_id: &str,
        bytes: i32,
        context: &BTreeMap<String, String>,
    ) -> Result<DataKey, Error> {
        let question = proto::GenerateDataKeyRequest {
            key_id: key_id.to_owned(),
            encryption_context: context.clone(),
            number_of_bytes: Some(bytes),
            ..Default::default()
        };
        let key: proto::GenerateDataKeyResponse =
            self.ask_secret("/keyferry.v1.CryptographyService/GenerateDataKey", &question).await?;
        // Whoever encrypts under a key of another length than they asked for has a key that somebody chose.
        if usize::try_from(bytes).ok() != Some(key.plaintext.len()) {
            return Err(Local::Answer(format!("Plaintext has {} bytes", key.plaintext.len())).into());
        }
        Ok(DataKey {
            plaintext: key.plaintext.into(),
            arn: arn("KeyId", key.key_id)?,
            ciphertext: key.ciphertext_blob,
            material_id: material_id("KeyMaterialId", &key.key_material_id)?,
        })
    }

    /// GenerateDataKeyWithoutPlaintext; answers the data key encrypted.
    pub async fn generate_data_key_without_plaintext(
        &self,
        key_id: &str,
        bytes: i32,
        context: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, Error> {
        let question = proto::GenerateDataKeyWithoutPlaintextRequest {
            key_id: key_id.to_owned(),
            encryption_context: context.clone(),
            number_of_bytes: Some(bytes),
            ..Default::default()
        };
        let key: proto::GenerateDataKeyWithoutPlaintextResponse =
            self.ask("/keyferry.v1.CryptographyService/GenerateDataKeyWithoutPlaintext", &question).await?;
        Ok(key.ciphertext_blob)
    }
}

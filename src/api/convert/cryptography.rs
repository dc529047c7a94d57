//! Uses of keys. What is plain is put under lock as soon as it is in the service's hands, and taken out for the wire alone.

use secrecy::{ExposeSecret, SecretSlice};

use crate::api::convert::names::{name, number};
use crate::model::KeyMaterialId;
use crate::proto;
use crate::service::{
    DataKey, Decrypt, Decrypted, DeriveSharedSecret, Encrypt, Encrypted, GenerateDataKey, GenerateRandom, Options,
    ReEncrypt, ReEncrypted, SharedSecret,
};

/// What every use of a key says besides.
pub(super) fn options(grant_tokens: Vec<String>, dry_run: bool) -> Options {
    Options { grant_tokens, dry_run, for_recipient: false }
}

fn algorithm(number: i32) -> Option<String> {
    name::<proto::EncryptionAlgorithm>(number)
}

fn plain(secret: &SecretSlice<u8>) -> Vec<u8> {
    secret.expose_secret().to_vec()
}

fn shown(material: Option<KeyMaterialId>) -> String {
    material.map(|id| id.to_string()).unwrap_or_default()
}

impl From<proto::EncryptRequest> for Encrypt {
    fn from(request: proto::EncryptRequest) -> Self {
        let proto::EncryptRequest { key_id, plaintext, encryption_context, encryption_algorithm, grant_tokens, dry_run } =
            request;
        Self {
            key_id,
            plaintext: plaintext.into(),
            encryption_context,
            encryption_algorithm: algorithm(encryption_algorithm),
            options: options(grant_tokens, dry_run),
        }
    }
}

impl From<Encrypted> for proto::EncryptResponse {
    fn from(encrypted: Encrypted) -> Self {
        let Encrypted { arn, ciphertext, algorithm } = encrypted;
        Self {
            ciphertext_blob: ciphertext,
            key_id: arn.to_string(),
            encryption_algorithm: number::<proto::EncryptionAlgorithm>(algorithm),
        }
    }
}

impl From<proto::DecryptRequest> for Decrypt {
    fn from(request: proto::DecryptRequest) -> Self {
        let proto::DecryptRequest {
            ciphertext_blob,
            encryption_context,
            key_id,
            encryption_algorithm,
            grant_tokens,
            dry_run,
        } = request;
        Self {
            ciphertext: ciphertext_blob,
            encryption_context,
            key_id,
            encryption_algorithm: algorithm(encryption_algorithm),
            options: options(grant_tokens, dry_run),
        }
    }
}

impl From<Decrypted> for proto::DecryptResponse {
    fn from(decrypted: Decrypted) -> Self {
        let Decrypted { arn, plaintext, algorithm, material } = decrypted;
        Self {
            key_id: arn.to_string(),
            plaintext: plain(&plaintext),
            encryption_algorithm: number::<proto::EncryptionAlgorithm>(algorithm),
            key_material_id: shown(material),
        }
    }
}

impl From<proto::ReEncryptRequest> for ReEncrypt {
    fn from(request: proto::ReEncryptRequest) -> Self {
        let proto::ReEncryptRequest {
            ciphertext_blob,
            source_encryption_context,
            source_key_id,
            destination_key_id,
            destination_encryption_context,
            source_encryption_algorithm,
            destination_encryption_algorithm,
            grant_tokens,
            dry_run,
        } = request;
        Self {
            ciphertext: ciphertext_blob,
            source_encryption_context,
            source_key_id,
            source_encryption_algorithm: algorithm(source_encryption_algorithm),
            destination_key_id,
            destination_encryption_context,
            destination_encryption_algorithm: algorithm(destination_encryption_algorithm),
            options: options(grant_tokens, dry_run),
        }
    }
}

impl From<ReEncrypted> for proto::ReEncryptResponse {
    fn from(encrypted: ReEncrypted) -> Self {
        let ReEncrypted {
            ciphertext,
            source,
            destination,
            source_algorithm,
            destination_algorithm,
            source_material,
            destination_material,
        } = encrypted;
        Self {
            ciphertext_blob: ciphertext,
            source_key_id: source.to_string(),
            key_id: destination.to_string(),
            source_encryption_algorithm: number::<proto::EncryptionAlgorithm>(source_algorithm),
            destination_encryption_algorithm: number::<proto::EncryptionAlgorithm>(destination_algorithm),
            source_key_material_id: shown(source_material),
            destination_key_material_id: shown(destination_material),
        }
    }
}

impl From<proto::GenerateDataKeyRequest> for GenerateDataKey {
    fn from(request: proto::GenerateDataKeyRequest) -> Self {
        let proto::GenerateDataKeyRequest { key_id, encryption_context, key_spec, number_of_bytes, grant_tokens, dry_run } =
            request;
        Self {
            key_id,
            encryption_context,
            key_spec: name::<proto::DataKeySpec>(key_spec),
            number_of_bytes,
            options: options(grant_tokens, dry_run),
        }
    }
}

impl From<proto::GenerateDataKeyWithoutPlaintextRequest> for GenerateDataKey {
    fn from(request: proto::GenerateDataKeyWithoutPlaintextRequest) -> Self {
        let proto::GenerateDataKeyWithoutPlaintextRequest {
            key_id,
            encryption_context,
            key_spec,
            number_of_bytes,
            grant_tokens,
            dry_run,
        } = request;
        Self {
            key_id,
            encryption_context,
            key_spec: name::<proto::DataKeySpec>(key_spec),
            number_of_bytes,
            options: options(grant_tokens, dry_run),
        }
    }
}

impl From<DataKey> for proto::GenerateDataKeyResponse {
    fn from(key: DataKey) -> Self {
        let DataKey { arn, plaintext, ciphertext, material } = key;
        Self {
            ciphertext_blob: ciphertext,
            plaintext: plaintext.as_ref().map(plain).unwrap_or_default(),
            key_id: arn.to_string(),
            key_material_id: material.to_string(),
        }
    }
}

impl From<DataKey> for proto::GenerateDataKeyWithoutPlaintextResponse {
    fn from(key: DataKey) -> Self {
        let DataKey { arn, plaintext: _, ciphertext, material } = key;
        Self { ciphertext_blob: ciphertext, key_id: arn.to_string(), key_material_id: material.to_string() }
    }
}

impl From<proto::DeriveSharedSecretRequest> for DeriveSharedSecret {
    fn from(request: proto::DeriveSharedSecretRequest) -> Self {
        let proto::DeriveSharedSecretRequest { key_id, key_agreement_algorithm, public_key, grant_tokens, dry_run } =
            request;
        Self {
            key_id,
            key_agreement_algorithm: name::<proto::KeyAgreementAlgorithm>(key_agreement_algorithm),
            public_key,
            options: options(grant_tokens, dry_run),
        }
    }
}

impl From<SharedSecret> for proto::DeriveSharedSecretResponse {
    fn from(agreed: SharedSecret) -> Self {
        let SharedSecret { arn, secret, origin } = agreed;
        Self {
            key_id: arn.to_string(),
            shared_secret: plain(&secret),
            // There is no other.
            key_agreement_algorithm: proto::KeyAgreementAlgorithm::Ecdh.into(),
            key_origin: number::<proto::Origin>(origin.as_str()),
        }
    }
}

impl From<proto::GenerateRandomRequest> for GenerateRandom {
    fn from(request: proto::GenerateRandomRequest) -> Self {
        let proto::GenerateRandomRequest { number_of_bytes } = request;
        Self { number_of_bytes, custom_key_store_id: None, for_recipient: false }
    }
}

//! The fields of an import request, checked as far as they can be without looking anything up.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::model::invalid::{blob, member, pattern, text};
use crate::model::key::Arrival;
use crate::model::wrapping::MAX_BLOB_BYTES;
use crate::model::{Expiration, ExpirationModel, ImportType, Invalid, KeyId, KeyMaterialId, RequestDigest, Timestamp};
use crate::service::ImportKeyMaterial;

/// The most that a material may last (KMS API Reference, ImportKeyMaterial, ValidTo).
const MOST_DAYS: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A request whose fields are right in themselves.
#[derive(Clone, Debug)]
pub(in crate::service) struct Incoming {
    pub(in crate::service) import_token: Vec<u8>,
    pub(in crate::service) ciphertext: Vec<u8>,
    pub(in crate::service) arrival: Arrival,
}

impl Incoming {
    /// Checks the fields in the reference's order: lengths and names, then ValidTo.
    pub(in crate::service) fn check(request: ImportKeyMaterial, now: Timestamp) -> Result<(String, Self), Invalid> {
        let key_id = text("keyId", request.key_id, 1, 2048)?;
        let import_token = blob("importToken", request.import_token, 1, MAX_BLOB_BYTES)?;
        let ciphertext = blob("encryptedKeyMaterial", request.encrypted_key_material, 1, MAX_BLOB_BYTES)?;
        let model = request.expiration_model.map(|name| member("expirationModel", &name, ExpirationModel::ALL));
        let model = model.transpose()?.unwrap_or(ExpirationModel::Expires);
        let import_type = request.import_type.map(|name| member("importType", &name, ImportType::ALL)).transpose()?;
        let description = request.key_material_description.map(described).transpose()?;
        let material_id = request.key_material_id.map(material_id).transpose()?;
        let expiration = expiration(model, request.valid_to, now)?;
        let arrival = Arrival { import_type, material_id, description, expiration };
        Ok((key_id, Self { import_token, ciphertext, arrival }))
    }

    /// What makes two requests the very same. Every part is preceded by its length, so that no two requests run together.
    pub(in crate::service) fn digest(&self, key: &KeyId) -> RequestDigest {
        let Self { import_token, ciphertext, arrival: Arrival { import_type, material_id, description, expiration } } = self;
        let valid_to = match expiration {
            Expiration::At(end) => end.as_millis().to_be_bytes().to_vec(),
            Expiration::Never => Vec::new(),
        };
        let optional = |given: Option<&[u8]>| given.map_or(vec![0], |bytes| [&[1], bytes].concat());
        let mut hash = Sha256::new();
        for part in [
            key.as_str().as_bytes(),
            import_token,
            ciphertext,
            &valid_to,
            &optional(import_type.map(|kind| kind.as_str().as_bytes())),
            &optional(material_id.as_ref().map(|id| &id.0[..])),
            &optional(description.as_deref().map(str::as_bytes)),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        RequestDigest(hash.finalize().into())
    }
}

/// KeyMaterialDescription: up to 256 characters of `[a-zA-Z0-9:/_\s.-]`.
fn described(description: String) -> Result<String, Invalid> {
    let description = text("keyMaterialDescription", description, 0, 256)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || ":/_.-\x0b".contains(c) || c.is_ascii_whitespace();
    pattern("keyMaterialDescription", description, fits, "^[a-zA-Z0-9:/_\\s.-]+$")
}

/// KeyMaterialId: 64 lower-case hex digits.
pub(in crate::service) fn material_id(id: String) -> Result<KeyMaterialId, Invalid> {
    let id = text("keyMaterialId", id, 64, 64)?;
    let id = pattern("keyMaterialId", id, |c| matches!(c, 'a'..='f' | '0'..='9'), "^[a-f0-9]+$")?;
    KeyMaterialId::parse(&id).ok_or_else(|| Invalid::new("keyMaterialId", "keyMaterialId must be 64 lower-case hex digits"))
}

fn expiration(model: ExpirationModel, valid_to: Option<Timestamp>, now: Timestamp) -> Result<Expiration, Invalid> {
    let refuse = |message: &str| Err(Invalid::new("validTo", message));
    match (model, valid_to) {
        (ExpirationModel::DoesNotExpire, None) => Ok(Expiration::Never),
        (ExpirationModel::DoesNotExpire, Some(_)) => {
            refuse("A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE")
        }
        (ExpirationModel::Expires, None) => {
            refuse("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
        }
        (ExpirationModel::Expires, Some(end)) if end <= now => refuse("ValidTo must be in the future"),
        (ExpirationModel::Expires, Some(end)) if end > now.after(MOST_DAYS) => {
            refuse("ValidTo must be at most 365 days in the future")
        }
        (ExpirationModel::Expires, Some(end)) => Ok(Expiration::At(end)),
    }
}

//! What else there is to a key's life: tags, aliases, policy documents, rotations; every refusal in the reference's words.

mod aliases;
mod audited;
mod policies;
mod rotations;
mod tags;

use keyferry::model::WrappingAlgorithm;
use keyferry::service::{
    CreateKey, Described, Error, GetParametersForImport, ImportKeyMaterial, Imported, Kind, ScheduleKeyDeletion,
};
use keyferry::wrap;

use crate::harness::service::{House, call};

/// A key that waits for its material.
pub async fn external_key(house: &House) -> Described {
    created(house, CreateKey { origin: Some("EXTERNAL".to_owned()), ..CreateKey::default() }).await
}

pub async fn created(house: &House, request: CreateKey) -> Described {
    house.service.create_key(&call(), request).await.unwrap()
}

pub async fn described(house: &House, key_id: &str) -> Described {
    house.service.describe_key(&call(), key_id.to_owned()).await.unwrap()
}

/// A key that waits for its end.
async fn doomed_key(house: &House) -> Described {
    let key = external_key(house).await;
    let request = ScheduleKeyDeletion { key_id: key.arn.to_string(), pending_window_in_days: None };
    house.service.schedule_key_deletion(&call(), request).await.unwrap();
    key
}

/// The request that brings `material` in under a set of its own.
pub async fn arriving(house: &House, key_id: &str, material: &[u8]) -> ImportKeyMaterial {
    let request = GetParametersForImport {
        key_id: key_id.to_owned(),
        wrapping_algorithm: Some("RSAES_OAEP_SHA_256".to_owned()),
        wrapping_key_spec: Some("RSA_2048".to_owned()),
    };
    let set = house.service.parameters_for_import(&call(), request).await.unwrap();
    ImportKeyMaterial {
        key_id: key_id.to_owned(),
        import_token: set.import_token,
        encrypted_key_material: wrap::wrap(&set.spki, WrappingAlgorithm::RsaesOaepSha256, material).unwrap(),
        valid_to: None,
        expiration_model: Some("KEY_MATERIAL_DOES_NOT_EXPIRE".to_owned()),
        import_type: None,
        key_material_description: None,
        key_material_id: None,
    }
}

pub async fn import(house: &House, request: ImportKeyMaterial) -> Result<Imported, Error> {
    house.service.import_key_material(&call(), request).await
}

/// Checks a refusal: its name and its whole message.
#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Error>, kind: Kind, message: &str) {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
}

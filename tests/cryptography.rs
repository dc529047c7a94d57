//! Uses of keys, on a real token: known material goes in by the front door, and what the service answers is checked outside.

mod asymmetric;
mod audited;
mod decryption;
mod encryption;
mod macs;
mod refusals;
mod rewriting;
mod signatures;

use keyferry::model::key_spec::Curve;
use keyferry::model::{KeySpec, KeyUsage, MaterialKind, WrappingAlgorithm};
use keyferry::service::{CreateKey, Error, GetParametersForImport, ImportKeyMaterial, Kind, Options};
use secrecy::{ExposeSecret, SecretSlice};

use crate::harness::material::Wrapper;
use crate::harness::service::{House, call, start};
use crate::harness::{Plaintext, openssl};

const MESSAGE: &[u8] = b"what the key is put to work on";

fn secret(bytes: &[u8]) -> SecretSlice<u8> {
    SecretSlice::from(bytes.to_vec())
}

fn shown(secret: &SecretSlice<u8>) -> &[u8] {
    secret.expose_secret()
}

fn dry() -> Options {
    Options { dry_run: true, ..Options::default() }
}

/// What a refusal is called, and what it says.
fn said<T: std::fmt::Debug>(refused: Result<T, Error>) -> (Kind, String) {
    let error = refused.unwrap_err();
    (error.kind(), error.to_string())
}

/// A key without material.
async fn external_key(house: &House, spec: KeySpec, usage: KeyUsage) -> String {
    let request = CreateKey {
        origin: Some("EXTERNAL".to_owned()),
        key_spec: Some(spec.to_string()),
        key_usage: Some(usage.to_string()),
        ..CreateKey::default()
    };
    house.service.create_key(&call(), request).await.unwrap().key.id.to_string()
}

/// Imports material, new to the key or not.
async fn import(house: &House, key_id: &str, material: &Plaintext, import_type: Option<&str>) {
    let algorithm = match material.kind {
        MaterialKind::Aes256 | MaterialKind::Hmac(_) => WrappingAlgorithm::RsaesOaepSha256,
        MaterialKind::Ec(Curve::Sm2) => WrappingAlgorithm::RsaesOaepSha256,
        MaterialKind::Rsa(_) | MaterialKind::Ec(_) => WrappingAlgorithm::RsaAesKeyWrapSha256,
    };
    let request = GetParametersForImport {
        key_id: key_id.to_owned(),
        wrapping_algorithm: Some(algorithm.to_string()),
        wrapping_key_spec: Some("RSA_2048".to_owned()),
    };
    let set = house.service.parameters_for_import(&call(), request).await.unwrap();
    let request = ImportKeyMaterial {
        key_id: key_id.to_owned(),
        import_token: set.import_token,
        encrypted_key_material: material.wrap(Wrapper::OpenSsl, algorithm, &set.spki),
        valid_to: None,
        expiration_model: Some("KEY_MATERIAL_DOES_NOT_EXPIRE".to_owned()),
        import_type: import_type.map(str::to_owned),
        key_material_description: None,
        key_material_id: None,
    };
    house.service.import_key_material(&call(), request).await.unwrap();
}

/// A key whose material the test knows.
async fn known_key(house: &House, spec: KeySpec, usage: KeyUsage) -> (String, Plaintext) {
    let (key_id, material) = (external_key(house, spec, usage).await, Plaintext::for_spec(spec));
    import(house, &key_id, &material, None).await;
    (key_id, material)
}

async fn symmetric_key(house: &House) -> (String, Plaintext) {
    known_key(house, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await
}

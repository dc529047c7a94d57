//! The attestation of a wrapping key: where its private half lives, and what the token says of it.

use coset::cbor::value::Value;
use coset::cwt::ClaimsSetBuilder;

use super::claims::{self, Claims};
use super::{Foreign, Statement};
use crate::model::{
    InstallationId, KeyAttributes, KeySpec, ObjectId, Timestamp, TokenIdentity, UnwrapPath, WrappingAlgorithm,
    WrappingKeyId, WrappingKeySpec,
};

/// What is stated of a wrapping key when it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappingKeyStatement {
    /// `iss`: the installation.
    pub installation: InstallationId,
    /// `sub`: the ARN of the key that the material is for.
    pub key_arn: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`: when the parameters end.
    pub expires_at: Timestamp,
    /// `cti`: the wrapping key.
    pub wrapping_key: WrappingKeyId,
    /// SHA-256 of its DER SubjectPublicKeyInfo, as the token showed it just then.
    pub spki_hash: [u8; 32],
    /// The CKA_ID of its private half.
    pub object: ObjectId,
    /// Its spec.
    pub spec: WrappingKeySpec,
    /// How the material is to be wrapped.
    pub algorithm: WrappingAlgorithm,
    /// The spec of the key that the material is for.
    pub key_spec: KeySpec,
    /// How the material will be unwrapped.
    pub path: UnwrapPath,
    /// The token that holds it.
    pub token: TokenIdentity,
    /// What the token said of the private half, just then.
    pub attributes: KeyAttributes,
    /// SHA-256 of what the token's vendor attests, where there is such a thing.
    pub vendor_hash: Option<[u8; 32]>,
}

impl Statement for WrappingKeyStatement {
    const CONTENT_TYPE: &'static str = "application/keyferry-wrapping-key+cwt";

    fn encode(&self) -> Result<Vec<u8>, Foreign> {
        let Self {
            installation,
            key_arn,
            issued_at,
            expires_at,
            wrapping_key,
            spki_hash,
            object,
            spec,
            algorithm,
            key_spec,
            path,
            token,
            attributes,
            vendor_hash,
        } = self;
        let mut set = ClaimsSetBuilder::new()
            .issuer(installation.to_string())
            .subject(key_arn.clone())
            .issued_at(claims::numeric_date(*issued_at))
            .expiration_time(claims::numeric_date(*expires_at))
            .cwt_id(wrapping_key.0.as_bytes().to_vec())
            .private_claim(claims::SPEC, Value::Text(spec.to_string()))
            .private_claim(claims::ALGORITHM, Value::Text(algorithm.to_string()))
            .private_claim(claims::OBJECT, Value::Bytes(object.0.to_vec()))
            .private_claim(claims::SPKI_HASH, Value::Bytes(spki_hash.to_vec()))
            .private_claim(claims::KEY_SPEC, Value::Text(key_spec.to_string()));
        for (label, value) in claims::path(*path) {
            set = set.private_claim(label, value);
        }
        set = set
            .private_claim(claims::TOKEN, claims::token(token))
            .private_claim(claims::ATTRIBUTES, claims::attributes(attributes));
        if let Some(hash) = vendor_hash {
            set = set.private_claim(claims::VENDOR_HASH, Value::Bytes(hash.to_vec()));
        }
        claims::written(set.build())
    }

    fn decode(payload: &[u8]) -> Result<Self, Foreign> {
        let claims = Claims::read(payload)?;
        Ok(Self {
            installation: claims.installation()?,
            key_arn: claims.key_arn()?,
            issued_at: claims.issued_at()?,
            expires_at: claims.expires_at()?,
            wrapping_key: claims.wrapping_key()?,
            spki_hash: claims.bytes(claims::SPKI_HASH)?,
            object: claims.object()?,
            spec: claims.named(claims::SPEC)?,
            algorithm: claims.named(claims::ALGORITHM)?,
            key_spec: claims.named(claims::KEY_SPEC)?,
            path: claims.named(claims::PATH)?,
            token: claims.token()?,
            attributes: claims.attributes()?,
            vendor_hash: claims.optional_bytes(claims::VENDOR_HASH)?,
        })
    }
}

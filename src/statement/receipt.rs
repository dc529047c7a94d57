//! The receipt of an import: which material came into the token, under which request, and what the token says of it.

use coset::cbor::value::Value;
use coset::cwt::ClaimsSetBuilder;

use super::claims::{self, Claims};
use super::{Foreign, Statement};
use crate::model::{
    InstallationId, KeyAttributes, KeyMaterialId, KeySpec, ObjectId, RequestDigest, Timestamp, TokenIdentity, UnwrapPath,
    WrappingKeyId,
};

/// What is stated of an import that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// `iss`: the installation.
    pub installation: InstallationId,
    /// `sub`: the ARN of the key that the material is in.
    pub key_arn: String,
    /// `iat`: when it came in.
    pub imported_at: Timestamp,
    /// `cti`: the wrapping key that it came under, which is used up.
    pub wrapping_key: WrappingKeyId,
    /// The CKA_ID of the material.
    pub object: ObjectId,
    /// The spec of the key.
    pub key_spec: KeySpec,
    /// Which material it is, as the token proved it.
    pub material: KeyMaterialId,
    /// The key check value of an AES key.
    pub kcv: Option<[u8; 3]>,
    /// How it was unwrapped.
    pub path: UnwrapPath,
    /// The request that it came with.
    pub request: RequestDigest,
    /// The token that holds it.
    pub token: TokenIdentity,
    /// What the token said of it, once it was there.
    pub attributes: KeyAttributes,
}

impl Statement for Receipt {
    const CONTENT_TYPE: &'static str = "application/keyferry-receipt+cwt";

    fn encode(&self) -> Result<Vec<u8>, Foreign> {
        let Self {
            installation,
            key_arn,
            imported_at,
            wrapping_key,
            object,
            key_spec,
            material,
            kcv,
            path,
            request,
            token,
            attributes,
        } = self;
        let mut set = ClaimsSetBuilder::new()
            .issuer(installation.to_string())
            .subject(key_arn.clone())
            .issued_at(claims::numeric_date(*imported_at))
            .cwt_id(wrapping_key.0.as_bytes().to_vec())
            .private_claim(claims::OBJECT, Value::Bytes(object.0.to_vec()))
            .private_claim(claims::KEY_SPEC, Value::Text(key_spec.to_string()));
        for (label, value) in claims::path(*path) {
            set = set.private_claim(label, value);
        }
        set = set
            .private_claim(claims::TOKEN, claims::token(token))
            .private_claim(claims::ATTRIBUTES, claims::attributes(attributes))
            .private_claim(claims::MATERIAL, Value::Bytes(material.0.to_vec()));
        if let Some(kcv) = kcv {
            set = set.private_claim(claims::KCV, Value::Bytes(kcv.to_vec()));
        }
        claims::written(set.private_claim(claims::REQUEST_DIGEST, Value::Bytes(request.0.to_vec())).build())
    }

    fn decode(payload: &[u8]) -> Result<Self, Foreign> {
        let claims = Claims::read(payload)?;
        Ok(Self {
            installation: claims.installation()?,
            key_arn: claims.key_arn()?,
            imported_at: claims.issued_at()?,
            wrapping_key: claims.wrapping_key()?,
            object: claims.object()?,
            key_spec: claims.named(claims::KEY_SPEC)?,
            material: KeyMaterialId(claims.bytes(claims::MATERIAL)?),
            kcv: claims.optional_bytes(claims::KCV)?,
            path: claims.named(claims::PATH)?,
            request: RequestDigest(claims.bytes(claims::REQUEST_DIGEST)?),
            token: claims.token()?,
            attributes: claims.attributes()?,
        })
    }
}

//! What an import token says.

use coset::cbor::value::Value;
use coset::cwt::{ClaimName, ClaimsSet, ClaimsSetBuilder, Timestamp as CwtTimestamp};
use coset::{CborSerializable, RegisteredLabelWithPrivate};
use uuid::Uuid;

use super::Foreign;
use crate::model::{Account, InstallationId, ObjectId, Timestamp, WrappingAlgorithm, WrappingKeyId, WrappingKeySpec};

/// Labels of the claims that RFC 8392 does not have; private use is below -65536.
const SPEC: i64 = -70_001;
const ALGORITHM: i64 = -70_002;
const OBJECT: i64 = -70_003;
const TOKEN: i64 = -70_004;
const SPKI_HASH: i64 = -70_005;
const ACCOUNT: i64 = -70_006;

/// What an import token says, all of it authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `iss`: the installation.
    pub installation: InstallationId,
    /// `sub`: the ARN of the key that the material is for.
    pub key_arn: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
    /// `cti`: the wrapping key.
    pub wrapping_key: WrappingKeyId,
    /// Its spec.
    pub spec: WrappingKeySpec,
    /// How the material is to be wrapped.
    pub algorithm: WrappingAlgorithm,
    /// The CKA_ID of its private half.
    pub object: ObjectId,
    /// The serial number of the token that holds it.
    pub token: String,
    /// SHA-256 of its DER SubjectPublicKeyInfo.
    pub spki_hash: [u8; 32],
    /// The account of the principal who asked.
    pub account: Account,
}

impl Claims {
    pub(super) fn encode(&self) -> Result<Vec<u8>, Foreign> {
        let Self {
            installation,
            key_arn,
            issued_at,
            expires_at,
            wrapping_key,
            spec,
            algorithm,
            object,
            token,
            spki_hash,
            account,
        } = self;
        let set = ClaimsSetBuilder::new()
            .issuer(installation.to_string())
            .subject(key_arn.clone())
            .issued_at(numeric_date(*issued_at))
            .expiration_time(numeric_date(*expires_at))
            .cwt_id(wrapping_key.0.as_bytes().to_vec())
            .private_claim(SPEC, Value::Text(spec.to_string()))
            .private_claim(ALGORITHM, Value::Text(algorithm.to_string()))
            .private_claim(OBJECT, Value::Bytes(object.0.to_vec()))
            .private_claim(TOKEN, Value::Text(token.clone()))
            .private_claim(SPKI_HASH, Value::Bytes(spki_hash.to_vec()))
            .private_claim(ACCOUNT, Value::Text(account.to_string()))
            .build();
        set.to_vec().map_err(|_| Foreign)
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Foreign> {
        let set = ClaimsSet::from_slice(payload).map_err(|_| Foreign)?;
        let text = |label| private(&set, label).and_then(Value::as_text).ok_or(Foreign);
        let bytes = |label| private(&set, label).and_then(Value::as_bytes).ok_or(Foreign);
        let uuid = |text: &Option<String>| text.as_deref().and_then(|text| Uuid::parse_str(text).ok()).ok_or(Foreign);
        Ok(Self {
            installation: InstallationId(uuid(&set.issuer)?),
            key_arn: set.subject.clone().ok_or(Foreign)?,
            issued_at: timestamp(&set.issued_at)?,
            expires_at: timestamp(&set.expiration_time)?,
            wrapping_key: WrappingKeyId(set.cwt_id.as_deref().and_then(|id| Uuid::from_slice(id).ok()).ok_or(Foreign)?),
            spec: text(SPEC)?.parse().map_err(|_| Foreign)?,
            algorithm: text(ALGORITHM)?.parse().map_err(|_| Foreign)?,
            object: ObjectId(bytes(OBJECT)?.as_slice().try_into().map_err(|_| Foreign)?),
            token: text(TOKEN)?.to_owned(),
            spki_hash: bytes(SPKI_HASH)?.as_slice().try_into().map_err(|_| Foreign)?,
            account: Account::parse(text(ACCOUNT)?).ok_or(Foreign)?,
        })
    }
}

fn private(set: &ClaimsSet, label: i64) -> Option<&Value> {
    let name: ClaimName = RegisteredLabelWithPrivate::PrivateUse(label);
    set.rest.iter().find_map(|(found, value)| (*found == name).then_some(value))
}

/// NumericDate (RFC 8392 §2), as a float to the millisecond: exact up to the year 287396.
fn numeric_date(moment: Timestamp) -> CwtTimestamp {
    CwtTimestamp::FractionalSeconds(moment.as_millis() as f64 / 1000.0)
}

fn timestamp(date: &Option<CwtTimestamp>) -> Result<Timestamp, Foreign> {
    match date {
        Some(CwtTimestamp::FractionalSeconds(seconds)) if seconds.is_finite() => {
            Ok(Timestamp::from_millis((seconds * 1000.0).round() as i64))
        }
        _ => Err(Foreign),
    }
}

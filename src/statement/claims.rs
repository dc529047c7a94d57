//! Claims that several kinds of statements make: how each is written, and read back.

use std::str::FromStr;

use coset::cbor::value::Value;
use coset::cwt::{ClaimName, ClaimsSet, Timestamp as CwtTimestamp};
use coset::{CborSerializable, RegisteredLabelWithPrivate};
use uuid::Uuid;

use super::Foreign;
use crate::model::{
    InstallationId, KeyAttribute, KeyAttributes, ObjectId, Timestamp, TokenIdentity, UnwrapPath, WrappingKeyId,
};

/// Labels of the claims that RFC 8392 does not have; private use is below -65536. Those down to -70006 are as in import tokens.
pub(super) const SPEC: i64 = -70_001;
pub(super) const ALGORITHM: i64 = -70_002;
pub(super) const OBJECT: i64 = -70_003;
pub(super) const SPKI_HASH: i64 = -70_005;
pub(super) const KEY_SPEC: i64 = -70_007;
pub(super) const PATH: i64 = -70_008;
pub(super) const EXPOSURE: i64 = -70_009;
pub(super) const TOKEN: i64 = -70_010;
pub(super) const ATTRIBUTES: i64 = -70_011;
pub(super) const VENDOR_HASH: i64 = -70_012;
pub(super) const MATERIAL: i64 = -70_013;
pub(super) const KCV: i64 = -70_014;
pub(super) const REQUEST_DIGEST: i64 = -70_015;

/// What is said of a claim that is missing or none of ours.
pub(super) const WRONG: Foreign = Foreign::Malformed("a claim is missing or not understood");

/// A payload's claims, one by one.
pub(super) struct Claims(ClaimsSet);

impl Claims {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Foreign> {
        ClaimsSet::from_slice(payload).map(Self).map_err(|_| WRONG)
    }

    pub(super) fn installation(&self) -> Result<InstallationId, Foreign> {
        let issuer = self.0.issuer.as_deref().and_then(|text| Uuid::parse_str(text).ok());
        issuer.map(InstallationId).ok_or(WRONG)
    }

    pub(super) fn key_arn(&self) -> Result<String, Foreign> {
        self.0.subject.clone().ok_or(WRONG)
    }

    pub(super) fn issued_at(&self) -> Result<Timestamp, Foreign> {
        timestamp(&self.0.issued_at)
    }

    pub(super) fn expires_at(&self) -> Result<Timestamp, Foreign> {
        timestamp(&self.0.expiration_time)
    }

    pub(super) fn wrapping_key(&self) -> Result<WrappingKeyId, Foreign> {
        self.0.cwt_id.as_deref().and_then(|id| Uuid::from_slice(id).ok()).map(WrappingKeyId).ok_or(WRONG)
    }

    pub(super) fn object(&self) -> Result<ObjectId, Foreign> {
        self.bytes(OBJECT).map(ObjectId)
    }

    /// A name of one of the model's enumerations.
    pub(super) fn named<T: FromStr>(&self, label: i64) -> Result<T, Foreign> {
        self.private(label).and_then(Value::as_text).and_then(|name| name.parse().ok()).ok_or(WRONG)
    }

    pub(super) fn bytes<const N: usize>(&self, label: i64) -> Result<[u8; N], Foreign> {
        self.optional_bytes(label)?.ok_or(WRONG)
    }

    pub(super) fn optional_bytes<const N: usize>(&self, label: i64) -> Result<Option<[u8; N]>, Foreign> {
        let Some(value) = self.private(label) else { return Ok(None) };
        value.as_bytes().and_then(|bytes| bytes.as_slice().try_into().ok()).map(Some).ok_or(WRONG)
    }

    pub(super) fn token(&self) -> Result<TokenIdentity, Foreign> {
        let parts = self.private(TOKEN).and_then(Value::as_array).map(Vec::as_slice);
        let Some([manufacturer, model, serial, firmware]) = parts else { return Err(WRONG) };
        let text = |part: &Value| part.as_text().map(str::to_owned).ok_or(WRONG);
        Ok(TokenIdentity {
            manufacturer: text(manufacturer)?,
            model: text(model)?,
            serial: text(serial)?,
            firmware: text(firmware)?,
        })
    }

    pub(super) fn attributes(&self) -> Result<KeyAttributes, Foreign> {
        let answers = self.private(ATTRIBUTES).and_then(Value::as_map).ok_or(WRONG)?;
        let is = |attribute: KeyAttribute, name: &Value| name.as_text() == Some(attribute.as_str());
        Ok(KeyAttributes::of(|attribute| {
            answers.iter().find(|(name, _)| is(attribute, name)).and_then(|(_, answer)| answer.as_bool())
        }))
    }

    fn private(&self, label: i64) -> Option<&Value> {
        let name: ClaimName = RegisteredLabelWithPrivate::PrivateUse(label);
        self.0.rest.iter().find_map(|(found, value)| (*found == name).then_some(value))
    }
}

/// A set of claims as a payload.
pub(super) fn written(set: ClaimsSet) -> Result<Vec<u8>, Foreign> {
    set.to_vec().map_err(|_| Foreign::Malformed("it cannot be encoded"))
}

/// manufacturer, model, serial number and firmware version, in this order.
pub(super) fn token(token: &TokenIdentity) -> Value {
    let TokenIdentity { manufacturer, model, serial, firmware } = token;
    Value::Array([manufacturer, model, serial, firmware].map(|part| Value::Text(part.clone())).to_vec())
}

/// Every attribute with its answer, so that none is taken for granted.
pub(super) fn attributes(attributes: &KeyAttributes) -> Value {
    Value::Map(attributes.all().map(|(name, answer)| (Value::Text(name.to_string()), Value::Bool(answer))).collect())
}

/// The path, and what it exposes, which follows from it: so that whoever reads it need not know.
pub(super) fn path(path: UnwrapPath) -> [(i64, Value); 2] {
    [(PATH, Value::Text(path.to_string())), (EXPOSURE, Value::Text(path.exposure().to_string()))]
}

/// NumericDate (RFC 8392 §2), as a float to the millisecond: exact up to the year 287396.
pub(super) fn numeric_date(moment: Timestamp) -> CwtTimestamp {
    CwtTimestamp::FractionalSeconds(moment.as_millis() as f64 / 1000.0)
}

fn timestamp(date: &Option<CwtTimestamp>) -> Result<Timestamp, Foreign> {
    match date {
        Some(CwtTimestamp::FractionalSeconds(seconds)) if seconds.is_finite() => {
            Ok(Timestamp::from_millis((seconds * 1000.0).round() as i64))
        }
        _ => Err(WRONG),
    }
}

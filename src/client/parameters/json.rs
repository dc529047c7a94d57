//! A saved answer of get-parameters-for-import, member by member, so that the wrong one is named.

use std::str::FromStr;

use base64ct::{Base64, Encoding};
use serde_json::{Map, Value};

use super::Parameters;
use crate::client::error::Unusable;
use crate::model::Timestamp;

pub(super) fn read(text: &[u8]) -> Result<Parameters, Unusable> {
    let members = match serde_json::from_slice(text) {
        Ok(Value::Object(members)) => Saved(members),
        Ok(_) => return Err(Unusable::Json("expected a JSON object".to_owned())),
        Err(error) => return Err(Unusable::Json(error.to_string())),
    };
    let parameters = Parameters {
        key_id: members.text("KeyId")?.to_owned(),
        import_token: members.blob("ImportToken")?,
        public_key: members.blob("PublicKey")?,
        parameters_valid_to: time(members.member("ParametersValidTo")?)?,
        wrapping_algorithm: members.name("WrappingAlgorithm")?,
        wrapping_key_spec: members.name("WrappingKeySpec")?,
        key_spec: members.name("KeySpec")?,
        attestation: members.optional_blob("Attestation")?,
        vendor_attestation: members.optional_blob("VendorAttestation")?,
        host_exposure: match members.0.contains_key("HostExposure") {
            true => Some(members.name("HostExposure")?),
            false => None,
        },
    };
    parameters.key()?;
    Ok(parameters)
}

struct Saved(Map<String, Value>);

impl Saved {
    fn member(&self, member: &'static str) -> Result<&Value, Unusable> {
        self.0.get(member).ok_or(Unusable::Missing(member))
    }

    fn text(&self, member: &'static str) -> Result<&str, Unusable> {
        self.member(member)?.as_str().ok_or(Unusable::Text(member))
    }

    fn blob(&self, member: &'static str) -> Result<Vec<u8>, Unusable> {
        Base64::decode_vec(self.text(member)?).map_err(|_| Unusable::Base64(member))
    }

    fn optional_blob(&self, member: &'static str) -> Result<Option<Vec<u8>>, Unusable> {
        let blob = self.0.contains_key(member).then(|| self.blob(member)).transpose()?;
        Ok(blob.filter(|blob| !blob.is_empty()))
    }

    fn name<T: FromStr>(&self, member: &'static str) -> Result<T, Unusable> {
        let name = self.text(member)?;
        name.parse().map_err(|_| Unusable::Unknown { member, name: name.to_owned() })
    }
}

/// RFC 3339, or seconds since the epoch with a fraction, as the reference's JSON protocol writes it.
fn time(value: &Value) -> Result<Timestamp, Unusable> {
    /// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
    const LAST: f64 = 253_402_300_799.0;
    let found = match value {
        Value::String(text) => Timestamp::parse_rfc3339(text),
        Value::Number(seconds) => {
            let seconds = seconds.as_f64().filter(|seconds| (0.0..=LAST).contains(seconds));
            // Within the range, so that nothing is cut off but what is finer than a millisecond.
            #[allow(clippy::cast_possible_truncation)]
            seconds.map(|seconds| Timestamp::from_millis((seconds * 1000.0).round() as i64))
        }
        _ => None,
    };
    found.ok_or_else(|| Unusable::Time(value.to_string()))
}

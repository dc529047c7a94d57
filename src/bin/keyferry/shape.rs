//! Answers in the shape that the reference CLI prints: its member names in its order, absent where there is nothing to say.

mod metadata;

use base64ct::{Base64, Encoding};
use keyferry::model::Timestamp;
use keyferry::proto;
use serde::Serialize;

use crate::names::{camel_case, name};
pub(crate) use metadata::{OfKey, Proof};

/// Whether there is nothing to say.
pub(crate) fn is_nothing<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A blob as base64; `None` where it is empty.
pub(crate) fn base64(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| Base64::encode_string(bytes))
}

/// A text; `None` where it is empty.
pub(crate) fn text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A moment as RFC 3339 in UTC.
pub(crate) fn time(moment: Option<prost_types::Timestamp>) -> Option<String> {
    let moment = moment?;
    let millis = moment.seconds.checked_mul(1000)?.checked_add(i64::from(moment.nanos) / 1_000_000)?;
    Timestamp::from_millis(millis).rfc3339()
}

/// The moment that an RFC 3339 text names, to the millisecond.
pub(crate) fn moment(text: &str) -> Result<prost_types::Timestamp, String> {
    let moment = Timestamp::parse_rfc3339(text).ok_or("not a time of RFC 3339, such as 2026-12-01T12:00:00Z")?;
    let (seconds, millis) = (moment.as_millis().div_euclid(1000), moment.as_millis().rem_euclid(1000));
    let nanos = i32::try_from(millis * 1_000_000).map_err(|error| error.to_string())?;
    Ok(prost_types::Timestamp { seconds, nanos })
}

/// Answers that only name the key.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Named {
    key_id: String,
}

impl From<String> for Named {
    fn from(key_id: String) -> Self {
        Self { key_id }
    }
}

/// ListKeys.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyList {
    keys: Vec<Entry>,
    #[serde(skip_serializing_if = "is_nothing")]
    next_marker: Option<String>,
    truncated: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key_id: String,
    key_arn: String,
}

impl From<proto::ListKeysResponse> for KeyList {
    fn from(page: proto::ListKeysResponse) -> Self {
        let entry = |key: proto::KeyListEntry| Entry { key_id: key.key_id, key_arn: key.key_arn };
        let keys = page.keys.into_iter().map(entry).collect();
        Self { keys, next_marker: text(page.next_marker), truncated: page.truncated }
    }
}

/// GetPublicKey.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublicKey {
    key_id: String,
    public_key: Option<String>,
    customer_master_key_spec: Option<&'static str>,
    key_spec: Option<&'static str>,
    key_usage: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    encryption_algorithms: Vec<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    signing_algorithms: Vec<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    key_agreement_algorithms: Vec<String>,
}

impl From<proto::GetPublicKeyResponse> for PublicKey {
    fn from(answer: proto::GetPublicKeyResponse) -> Self {
        let key_spec = name::<proto::KeySpec>(answer.key_spec);
        Self {
            key_id: answer.key_id,
            public_key: base64(&answer.public_key),
            customer_master_key_spec: key_spec,
            key_spec,
            key_usage: name::<proto::KeyUsage>(answer.key_usage),
            encryption_algorithms: answer.encryption_algorithms,
            signing_algorithms: answer.signing_algorithms,
            key_agreement_algorithms: answer.key_agreement_algorithms,
        }
    }
}

/// ScheduleKeyDeletion.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Scheduled {
    key_id: String,
    deletion_date: Option<String>,
    key_state: Option<String>,
    pending_window_in_days: i32,
}

impl From<proto::ScheduleKeyDeletionResponse> for Scheduled {
    fn from(answer: proto::ScheduleKeyDeletionResponse) -> Self {
        Self {
            key_id: answer.key_id,
            deletion_date: time(answer.deletion_date),
            key_state: camel_case::<proto::KeyState>(answer.key_state),
            pending_window_in_days: answer.pending_window_in_days,
        }
    }
}

/// ImportKeyMaterial and DeleteImportedKeyMaterial.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Imported {
    key_id: String,
    #[serde(skip_serializing_if = "is_nothing")]
    key_material_id: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    key_material_proof: Option<Proof>,
}

impl From<proto::ImportKeyMaterialResponse> for Imported {
    fn from(answer: proto::ImportKeyMaterialResponse) -> Self {
        Self {
            key_id: answer.key_id,
            key_material_id: text(answer.key_material_id),
            key_material_proof: answer.key_material_proof.map(Proof::from),
        }
    }
}

impl From<proto::DeleteImportedKeyMaterialResponse> for Imported {
    fn from(answer: proto::DeleteImportedKeyMaterialResponse) -> Self {
        Self { key_id: answer.key_id, key_material_id: text(answer.key_material_id), key_material_proof: None }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn times_come_and_go_as_rfc_3339_to_the_millisecond() {
        #[rustfmt::skip]
        let cases = [
            ("2026-12-01T12:00:00-08:00",     "2026-12-01T20:00:00Z"),
            ("2026-12-01T12:00:00.123456Z",   "2026-12-01T12:00:00.123Z"),
            ("1969-12-31T23:59:59.250Z",      "1969-12-31T23:59:59.25Z"),
        ];
        for (given, shown) in cases {
            assert_eq!(time(Some(moment(given).unwrap())).unwrap(), shown);
        }
        for given in ["2026-12-01", "tomorrow", "1796083200", ""] {
            assert_eq!(moment(given).unwrap_err(), "not a time of RFC 3339, such as 2026-12-01T12:00:00Z", "{given}");
        }
    }
}

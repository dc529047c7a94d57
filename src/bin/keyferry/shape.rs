//! Answers in the shape that the reference CLI prints: its member names in its order, absent where there is nothing to say.

use base64ct::{Base64, Encoding};
use keyferry::model::Timestamp;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value as Wire};
use serde_json::{Map, Value};

use crate::names;
use crate::schema::{Member, is_time, members};

/// What is shown even where it is empty.
const ALWAYS: [&str; 8] = [
    "keyferry.v1.KeyMetadata.description",
    "keyferry.v1.ListAliasesResponse.aliases",
    "keyferry.v1.ListKeyPoliciesResponse.policy_names",
    "keyferry.v1.ListKeyRotationsResponse.rotations",
    "keyferry.v1.ListKeysResponse.keys",
    "keyferry.v1.ListResourceTagsResponse.tags",
    "keyferry.v1.MultiRegionConfiguration.replica_keys",
    "keyferry.v1.Tag.tag_value",
];

/// What the reference shows twice, for its older clients: the field, and the name before its own.
const TWICE: [(&str, &str); 2] = [
    ("keyferry.v1.KeyMetadata.key_spec", "CustomerMasterKeySpec"),
    ("keyferry.v1.GetPublicKeyResponse.key_spec", "CustomerMasterKeySpec"),
];

/// An answer, or a part of it.
pub(crate) fn of(message: &DynamicMessage) -> Value {
    let mut shape = Map::new();
    for Member { field } in members(&message.descriptor()) {
        let value = message.get_field(&field);
        let is_empty = if field.supports_presence() { !message.has_field(&field) } else { is_nothing(&value) };
        if is_empty && !ALWAYS.contains(&field.full_name()) {
            continue;
        }
        let Some(shown) = shown(&field, &value) else { continue };
        shape.extend(older_name(&field).map(|older| (older.to_owned(), shown.clone())));
        shape.insert(names::member(field.name()), shown);
    }
    Value::Object(shape)
}

/// The name under which the reference shows a field a second time.
pub(crate) fn older_name(field: &FieldDescriptor) -> Option<&'static str> {
    TWICE.iter().find(|(name, _)| *name == field.full_name()).map(|(_, older)| *older)
}

/// Whether a field without presence has nothing to say; false and zero are something.
fn is_nothing(value: &Wire) -> bool {
    match value {
        Wire::String(text) => text.is_empty(),
        Wire::Bytes(bytes) => bytes.is_empty(),
        Wire::List(list) => list.is_empty(),
        Wire::EnumNumber(number) => *number == 0,
        _ => false,
    }
}

/// A value as JSON; `None` where this client is too old to know its name.
fn shown(field: &FieldDescriptor, value: &Wire) -> Option<Value> {
    Some(match value {
        Wire::Bool(flag) => Value::from(*flag),
        Wire::I32(number) => Value::from(*number),
        Wire::U32(number) => Value::from(*number),
        Wire::I64(number) => Value::from(*number),
        Wire::U64(number) => Value::from(*number),
        Wire::String(text) => Value::from(text.as_str()),
        Wire::Bytes(bytes) => Value::from(Base64::encode_string(bytes)),
        Wire::EnumNumber(number) => match field.kind() {
            Kind::Enum(enumeration) => {
                let constant = enumeration.get_value(*number)?;
                Value::from(names::constant(enumeration.name(), constant.name()))
            }
            _ => return None,
        },
        Wire::Message(message) if is_time(field) => Value::from(moment(message)?),
        Wire::Message(message) => of(message),
        Wire::List(list) => Value::Array(list.iter().filter_map(|item| shown(field, item)).collect()),
        _ => return None,
    })
}

/// A moment as RFC 3339 in UTC.
fn moment(timestamp: &DynamicMessage) -> Option<String> {
    let seconds = timestamp.get_field_by_name("seconds")?.as_i64()?;
    let nanos = timestamp.get_field_by_name("nanos")?.as_i32()?;
    let millis = seconds.checked_mul(1000)?.checked_add(i64::from(nanos) / 1_000_000)?;
    Timestamp::from_millis(millis).rfc3339()
}

//! A request, put together from an input file and the command line, which has the last word.

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding};
use keyferry::model::Timestamp;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, Kind, Value as Wire};
use serde_json::Value;

use crate::failure::Failure;
use crate::globals::BinaryFormat;
use crate::names;
use crate::schema::{Member, Operation, constants, members};
use crate::{several, structures};

/// A request in the making.
pub(crate) struct Request {
    message: DynamicMessage,
    members: Vec<Member>,
    given: BTreeSet<String>,
}

impl Request {
    /// One that says nothing yet.
    pub(crate) fn new(operation: &Operation) -> Self {
        let message = DynamicMessage::new(operation.input());
        Self { message, members: operation.members(), given: BTreeSet::new() }
    }

    /// Takes the members of an input file.
    ///
    /// # Errors
    /// Lists every member that is unknown or of another type, as the reference does.
    pub(crate) fn take(&mut self, input: &Value, format: BinaryFormat) -> Result<(), Failure> {
        let Value::Object(input) = input else {
            return Err(Failure::usage(format!("the input must be an object, not {}", type_of(input))));
        };
        let mut faults = Vec::new();
        for (name, value) in input {
            match self.members.iter().find(|member| member.name() == *name).cloned() {
                Some(member) => match wire(&member, value, format) {
                    Ok(value) => self.set(&member, value),
                    Err(fault) => faults.push(fault),
                },
                None => faults.push(format!(
                    "Unknown parameter in input: \"{name}\", must be one of: {}",
                    self.members.iter().map(Member::name).collect::<Vec<_>>().join(", ")
                )),
            }
        }
        refuse(faults)
    }

    /// Takes what an option of the command line was given.
    pub(crate) fn take_option(&mut self, member: &Member, value: Wire) {
        self.set(member, value);
    }

    /// Takes a value that stands for this member of the proto.
    pub(crate) fn put(&mut self, proto_name: &str, value: Wire) {
        if let Some(member) = self.members.iter().find(|member| member.field.name() == proto_name).cloned() {
            self.set(&member, value);
        }
    }

    /// Whether this member of the proto was said.
    pub(crate) fn says(&self, proto_name: &str) -> bool {
        self.given.contains(&names::member(proto_name))
    }

    fn lacks(&self, member: &Member) -> bool {
        !self.says(member.field.name())
    }

    /// What must be said and was not.
    pub(crate) fn missing(&self) -> Vec<Member> {
        self.members.iter().filter(|member| member.is_required() && self.lacks(member)).cloned().collect()
    }

    /// The request for the wire.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Failure> {
        refuse(
            self.missing()
                .iter()
                .map(|member| format!("Missing required parameter in input: \"{}\"", member.name()))
                .collect(),
        )?;
        Ok(self.message.encode_to_vec())
    }

    /// What is said, for the debug log: blobs by their length.
    pub(crate) fn outline(&self) -> String {
        let known = self.members.iter().filter(|member| !self.lacks(member));
        let line = |member: &Member| match &*self.message.get_field(&member.field) {
            Wire::Bytes(bytes) => format!("{}=({} bytes)", member.name(), bytes.len()),
            value => format!("{}={value}", member.name()),
        };
        known.map(line).collect::<Vec<_>>().join(" ")
    }

    fn set(&mut self, member: &Member, value: Wire) {
        self.given.insert(member.name());
        self.message.set_field(&member.field, value);
    }
}

fn refuse(faults: Vec<String>) -> Result<(), Failure> {
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Failure::usage(format!("Parameter validation failed:\n{}", faults.join("\n")))),
    }
}

/// A value of an input file as the wire has it.
pub(crate) fn wire(member: &Member, value: &Value, format: BinaryFormat) -> Result<Wire, String> {
    let name = member.name();
    // What is bytes may be secret or long, in whatever type it comes.
    let given = if matches!(member.kind(), Kind::Bytes) { String::new() } else { format!(" value: {value},") };
    let invalid =
        |wanted: &str| format!("Invalid type for parameter {name},{given} type: {}, valid types: {wanted}", type_of(value));
    match (member.kind(), value) {
        (Kind::String, Value::Array(items)) if member.field.is_list() => several::list(member, items),
        (Kind::String, _) if member.field.is_list() => Err(invalid("list")),
        (Kind::String, Value::String(text)) => Ok(Wire::String(text.clone())),
        (Kind::String, _) => Err(invalid("string")),
        (Kind::Bool, Value::Bool(flag)) => Ok(Wire::Bool(*flag)),
        (Kind::Bool, _) => Err(invalid("boolean")),
        (Kind::Int32, Value::Number(number)) => {
            number.as_i64().and_then(|number| i32::try_from(number).ok()).map(Wire::I32).ok_or_else(|| {
                format!("Invalid value for parameter {name}, value: {number}, expected an integer of 32 bits")
            })
        }
        (Kind::Int32, _) => Err(invalid("integer")),
        (Kind::Bytes, Value::String(text)) => match format {
            BinaryFormat::RawInBase64Out => Ok(Wire::Bytes(text.clone().into_bytes().into())),
            BinaryFormat::Base64 => Base64::decode_vec(text).map(|bytes| Wire::Bytes(bytes.into())).map_err(|_| {
                format!(
                    "Invalid base64 for parameter {name}: an input file is taken literally, fileb:// is for the command line"
                )
            }),
        },
        (Kind::Bytes, _) => Err(invalid("string of base64")),
        (Kind::Enum(_), Value::String(text)) => constant(member, text),
        (Kind::Enum(_), _) => Err(invalid("string")),
        (Kind::Message(_), Value::Object(items)) if several::is_map(member) => several::map(member, items),
        (Kind::Message(_), _) if several::is_map(member) => Err(invalid("object")),
        (Kind::Message(_), Value::Array(items)) if member.field.is_list() => structures::list(member, items, format),
        (Kind::Message(_), _) if member.field.is_list() => Err(invalid("list")),
        (Kind::Message(_), Value::String(text)) if member.is_time() => time(member, text),
        (Kind::Message(_), Value::Number(number)) if member.is_time() => time(member, &number.to_string()),
        _ => Err(invalid(if member.is_time() {
            "string of RFC 3339, or seconds since 1970"
        } else {
            "none that this client knows"
        })),
    }
}

/// The member of an enumeration with this name.
pub(crate) fn constant(member: &Member, name: &str) -> Result<Wire, String> {
    let Kind::Enum(enumeration) = member.kind() else { return Err(format!("{} has no names", member.name())) };
    let constants = constants(&enumeration);
    match constants.iter().find(|constant| constant.name == name) {
        Some(constant) => Ok(Wire::EnumNumber(constant.number)),
        None => Err(format!(
            "1 validation error detected: Value '{name}' at '{}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
            names::camel(&member.name()),
            constants.iter().map(|constant| constant.name.as_str()).collect::<Vec<_>>().join(", ")
        )),
    }
}

/// The moment that a text names: RFC 3339, or seconds since 1970, as the reference takes both.
pub(crate) fn time(member: &Member, text: &str) -> Result<Wire, String> {
    // As many milliseconds as a float counts without leaving any out (2^53), which is past every year that RFC 3339 can write.
    let counted = |seconds: &f64| (seconds * 1000.0).abs() < 9_007_199_254_740_992.0;
    let epoch = || text.parse::<f64>().ok().filter(counted).map(|seconds| (seconds * 1000.0) as i64);
    let millis = Timestamp::parse_rfc3339(text).map(Timestamp::as_millis).or_else(epoch);
    let (Some(millis), Kind::Message(descriptor)) = (millis, member.kind()) else {
        return Err(format!(
            "Invalid timestamp \"{text}\" for {}: expected a time of RFC 3339, such as 2026-12-01T12:00:00Z, or seconds since 1970",
            member.name()
        ));
    };
    let mut moment = DynamicMessage::new(descriptor.clone());
    for Member { field } in members(&descriptor) {
        let value = match field.kind() {
            Kind::Int64 => Wire::I64(millis.div_euclid(1000)),
            _ => Wire::I32(i32::try_from(millis.rem_euclid(1000)).unwrap_or_default() * 1_000_000),
        };
        moment.set_field(&field, value);
    }
    Ok(Wire::Message(moment))
}

pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rfc_3339_or_seconds_and_never_one_that_cannot_be() {
        let import = Operation::of_verb("import-key-material").unwrap();
        let valid_to = import.members().into_iter().find(|member| member.name() == "ValidTo").unwrap();
        let read = |text: &str| time(&valid_to, text).map(|wire| wire.to_string());
        assert_eq!(read("2026-12-01T12:00:00.25Z"), read("1796126400.25"));
        assert_eq!(read("1969-12-31T23:59:59.75Z"), read("-0.25"));
        for text in ["1e308", "NaN", "inf", "-1e18", "", "tomorrow"] {
            assert!(read(text).unwrap_err().starts_with(&format!("Invalid timestamp \"{text}\" for ValidTo")), "{text}");
        }
    }

    #[test]
    fn what_should_be_bytes_is_not_repeated() {
        let mut request = Request::new(&Operation::of_verb("import-key-material").unwrap());
        let input = serde_json::json!({"EncryptedKeyMaterial": [115, 51], "KeyId": ["x"]});
        let refusal = request.take(&input, BinaryFormat::Base64).unwrap_err().message();
        let expected = "Parameter validation failed:\n\
             Invalid type for parameter EncryptedKeyMaterial, type: list, valid types: string of base64\n\
             Invalid type for parameter KeyId, value: [\"x\"], type: list, valid types: string";
        assert_eq!(refusal, expected);
    }
}

//! `--generate-cli-skeleton`: what an input file is to hold, and what an answer will.

use base64ct::{Base64, Encoding};
use clap::ValueEnum;
use prost_reflect::{FieldDescriptor, Kind as Type, MessageDescriptor};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::names;
use crate::output::Printer;
use crate::schema::{Member, Operation, constants, is_time, members};
use crate::{several, shape};

/// Which skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// For --cli-input-json
    Input,
    /// For --cli-input-yaml, with a comment on each member
    YamlInput,
    /// An answer
    Output,
}

/// A moment that nobody takes for a real one.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// Prints one.
pub(super) fn print(operation: &Operation, kind: Kind, printer: &Printer) -> Result<(), Failure> {
    match kind {
        Kind::Input => printer.json(&of_input(operation)),
        Kind::YamlInput => printer.plain(&commented(operation)?),
        Kind::Output => printer.answer(&of_output(&operation.output())),
    }
}

fn of_input(operation: &Operation) -> Value {
    Value::Object(operation.members().iter().map(|member| (member.name(), sample(member, ""))).collect())
}

/// A member as it could be given, text and bytes as `text`.
fn sample(member: &Member, text: &str) -> Value {
    match member.kind() {
        _ if several::is_map(member) => Value::Object(Map::from_iter([("KeyName".to_owned(), text.into())])),
        _ if several::is_words(member) => Value::Array(vec![text.into()]),
        Type::Bool => Value::from(true),
        Type::Int32 | Type::Uint32 | Type::Int64 | Type::Uint64 => Value::from(0),
        Type::Bytes => Value::from(Base64::encode_string(text.as_bytes())),
        Type::Enum(enumeration) => {
            constants(&enumeration).into_iter().next().map_or(Value::Null, |first| Value::from(first.name))
        }
        Type::Message(structure) if member.field.is_list() => {
            let item = members(&structure).iter().map(|member| (member.name(), sample(member, text))).collect();
            Value::Array(vec![Value::Object(item)])
        }
        Type::Message(_) if member.is_time() => Value::from(EPOCH),
        _ => Value::from(text),
    }
}

fn commented(operation: &Operation) -> Result<String, Failure> {
    let mut text = String::new();
    for member in operation.members() {
        let line = crate::output::yaml(&Value::Object(Map::from_iter([(member.name(), sample(&member, ""))])))?;
        let comment = member.comment();
        let comment = match comment.strip_prefix("Required. ") {
            Some(rest) => format!("[REQUIRED] {rest}"),
            None if comment == "Required." => "[REQUIRED]".to_owned(),
            None => comment,
        };
        let names = match member.kind() {
            Type::Enum(enumeration) => {
                let names: Vec<String> = constants(&enumeration).into_iter().map(|constant| constant.name).collect();
                format!(" Valid values are: {}.", names.join(", "))
            }
            _ => String::new(),
        };
        text.push_str(&format!("{}  # {comment}{names}\n", line.trim_end()));
    }
    // An operation that takes nothing takes this.
    Ok(if text.is_empty() { "{}\n".to_owned() } else { text })
}

fn of_output(message: &MessageDescriptor) -> Value {
    let answered = |field: &FieldDescriptor| {
        let member = Member { field: field.clone() };
        let value = match field.kind() {
            Type::Message(inner) if !is_time(field) => of_output(&inner),
            _ => sample(&member, &member.name()),
        };
        if field.is_list() && !several::is_words(&member) { Value::Array(vec![value]) } else { value }
    };
    let mut shape = Map::new();
    for Member { field } in members(message) {
        let value = answered(&field);
        shape.extend(shape::older_name(&field).map(|older| (older.to_owned(), value.clone())));
        shape.insert(names::member(field.name()), value);
    }
    Value::Object(shape)
}

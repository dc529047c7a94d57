//! Members that are lists of structures, such as tags: as an input file has them, and in the reference CLI's shorthand.

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value as Wire};
use serde_json::{Map, Value};

use crate::globals::BinaryFormat;
use crate::request::{type_of, wire};
use crate::schema::{Member, members};

/// What each item of such a member is; `None` of any other.
pub(crate) fn of(member: &Member) -> Option<MessageDescriptor> {
    match member.kind() {
        Kind::Message(structure) if member.field.is_list() => Some(structure),
        _ => None,
    }
}

/// The list that an input file gives.
pub(crate) fn list(member: &Member, items: &[Value], format: BinaryFormat) -> Result<Wire, String> {
    let structure = of(member).ok_or_else(|| format!("{} is no list", member.name()))?;
    let item = |(place, value): (usize, &Value)| item(&format!("{}[{place}]", member.name()), &structure, value, format);
    Ok(Wire::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?))
}

fn item(place: &str, structure: &MessageDescriptor, value: &Value, format: BinaryFormat) -> Result<Wire, String> {
    let Value::Object(given) = value else {
        return Err(format!("Invalid type for parameter {place}, type: {}, valid types: object", type_of(value)));
    };
    let known = members(structure);
    let mut message = DynamicMessage::new(structure.clone());
    for (name, value) in given {
        let Some(member) = known.iter().find(|member| member.name() == *name) else {
            let names: Vec<String> = known.iter().map(Member::name).collect();
            return Err(format!("Unknown parameter in {place}: \"{name}\", must be one of: {}", names.join(", ")));
        };
        message.set_field(&member.field, wire(member, value, format)?);
    }
    Ok(Wire::Message(message))
}

/// The items that the words of an option stand for: `TagKey=team,TagValue=hsm`, one word an item, or JSON.
pub(crate) fn of_words<'a>(member: &Member, words: impl Iterator<Item = &'a String>) -> Result<Vec<Value>, String> {
    let mut items = Vec::new();
    for word in words {
        match word.trim_start().chars().next() {
            Some('[' | '{') => match serde_json::from_str(word) {
                Ok(Value::Array(list)) => items.extend(list),
                Ok(item) => items.push(item),
                Err(error) => return Err(format!("--{}: not JSON: {error}", member.option())),
            },
            _ => items.push(shorthand(member, word)?),
        }
    }
    Ok(items)
}

fn shorthand(member: &Member, word: &str) -> Result<Value, String> {
    let mut item = Map::new();
    for part in word.split(',') {
        let Some((name, value)) = part.split_once('=') else {
            return Err(format!(
                "--{}: expected {}, found \"{word}\"; a value with a comma in it wants JSON",
                member.option(),
                form(member)
            ));
        };
        item.insert(name.to_owned(), value.into());
    }
    Ok(Value::Object(item))
}

/// `TagKey=TEXT,TagValue=TEXT`
pub(crate) fn form(member: &Member) -> String {
    let members = of(member).iter().flat_map(members).map(|member| format!("{}=TEXT", member.name())).collect::<Vec<_>>();
    members.join(",")
}

//! Members that hold several words: lists of them, such as the keys of tags, and maps of them, such as an encryption context.

use std::collections::HashMap;

use prost_reflect::{Kind, MapKey, Value as Wire};
use serde_json::{Map, Value};

use crate::request::type_of;
use crate::schema::Member;

/// Whether a member is a list of words.
pub(crate) fn is_words(member: &Member) -> bool {
    member.field.is_list() && matches!(member.kind(), Kind::String)
}

/// Whether a member is a map of words to words.
pub(crate) fn is_map(member: &Member) -> bool {
    member.field.is_map()
}

/// The list that an input file gives.
pub(crate) fn list(member: &Member, items: &[Value]) -> Result<Wire, String> {
    let item = |(place, value): (usize, &Value)| word(&format!("{}[{place}]", member.name()), value).map(Wire::String);
    Ok(Wire::List(items.iter().enumerate().map(item).collect::<Result<_, _>>()?))
}

/// The map that an input file gives.
pub(crate) fn map(member: &Member, items: &Map<String, Value>) -> Result<Wire, String> {
    let item = |(name, value): (&String, &Value)| {
        let value = word(&format!("{}.{name}", member.name()), value)?;
        Ok((MapKey::String(name.clone()), Wire::String(value)))
    };
    Ok(Wire::Map(items.iter().map(item).collect::<Result<HashMap<_, _>, String>>()?))
}

fn word(place: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        _ => {
            Err(format!("Invalid type for parameter {place}, value: {value}, type: {}, valid types: string", type_of(value)))
        }
    }
}

/// The items that the words of an option stand for: each is one, or all are one JSON list.
pub(crate) fn list_of_words(member: &Member, words: &[String]) -> Result<Vec<Value>, String> {
    match words {
        [json] if json.trim_start().starts_with('[') => match serde_json::from_str(json) {
            Ok(Value::Array(items)) => Ok(items),
            Ok(_) => Err(format!("--{}: not a list", member.option())),
            Err(error) => Err(format!("--{}: not JSON: {error}", member.option())),
        },
        words => Ok(words.iter().map(|word| Value::from(word.as_str())).collect()),
    }
}

/// The items that the text of an option stands for: `purpose=backup,team=hsm`, or JSON.
pub(crate) fn map_of_text(member: &Member, text: &str) -> Result<Map<String, Value>, String> {
    let option = member.option();
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| format!("--{option}: not JSON: {error}"));
    }
    let mut items = Map::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            return Err(format!(
                "--{option}: expected NAME=VALUE,NAME=VALUE, found \"{text}\"; a value with a comma in it wants JSON"
            ));
        };
        if items.insert(name.to_owned(), value.into()).is_some() {
            return Err(format!("--{option}: \"{name}\" is given twice"));
        }
    }
    Ok(items)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::schema::Operation;
    use serde_json::json;

    fn member(verb: &str, name: &str) -> Member {
        let operation = Operation::of_verb(verb).unwrap();
        operation.members().into_iter().find(|member| member.name() == name).unwrap()
    }

    #[test]
    fn a_map_is_names_and_values_or_json() {
        let context = member("encrypt", "EncryptionContext");
        let read = |text: &str| map_of_text(&context, text).map(Value::Object);
        assert_eq!(read("purpose=backup,team=hsm=1"), Ok(json!({"purpose": "backup", "team": "hsm=1"})));
        assert_eq!(read(r#" {"a": "b,c"}"#), Ok(json!({"a": "b,c"})));
        assert_eq!(read(""), Ok(json!({})));
        assert_eq!(read("a="), Ok(json!({"a": ""})));
        assert_eq!(read("a=1,a=2").unwrap_err(), "--encryption-context: \"a\" is given twice");
        assert!(read("purpose").unwrap_err().starts_with("--encryption-context: expected NAME=VALUE,NAME=VALUE, found"));
        assert!(read("{").unwrap_err().starts_with("--encryption-context: not JSON"));
        let number = map(&context, json!({"a": 1}).as_object().unwrap()).unwrap_err();
        assert_eq!(number, "Invalid type for parameter EncryptionContext.a, value: 1, type: number, valid types: string");
    }

    #[test]
    fn a_list_is_words_or_json() {
        let keys = member("untag-resource", "TagKeys");
        let read = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            list_of_words(&keys, &words).map(Value::Array)
        };
        assert_eq!(read(&["team", "a,b"]), Ok(json!(["team", "a,b"])));
        assert_eq!(read(&[r#"["team", "cost"]"#]), Ok(json!(["team", "cost"])));
        assert!(read(&["["]).unwrap_err().starts_with("--tag-keys: not JSON"));
        let null = list(&keys, &[Value::Null]).unwrap_err();
        assert_eq!(null, "Invalid type for parameter TagKeys[0], value: null, type: null, valid types: string");
    }
}

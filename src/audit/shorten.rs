//! An event, made to fit into a line: long values lose their ends and say so, and none is left out.

use serde_json::{Map, Value};

use super::Event;
use super::line::{Body, Kind, MAX_BODY};

/// The deepest value that is kept as it is; a deeper one becomes text.
const DEPTH: usize = 16;
/// The longest texts, in bytes of JSON: the first that makes the event fit is taken.
const TEXTS: [usize; 4] = [4096, 1024, 256, 64];
/// The longest text of a field of the envelope where the values are too many: two dozen of them fit.
const FIELD: usize = 256;

/// The line of this event.
pub(super) fn body(event: &Event) -> Body {
    let value = serde_json::to_value(event).unwrap_or_else(|error| Value::from(error.to_string()));
    let Value::Object(fields) = plain(value, 0) else {
        return Body { kind: Kind::Event, json: Value::Object(Map::new()).to_string() };
    };
    let mut json = Value::Object(fields.clone()).to_string();
    for most in TEXTS {
        if json.len() <= MAX_BODY {
            return Body { kind: Kind::Event, json };
        }
        json = shorten(Value::Object(fields.clone()), most).to_string();
    }
    if json.len() > MAX_BODY {
        let flat = fields.into_iter().map(|(name, value)| (name, flatten(value)));
        json = Value::Object(flat.collect()).to_string();
    }
    Body { kind: Kind::Event, json }
}

/// Without what a reader could not write again as it was: fractions, and depths that it does not follow.
fn plain(value: Value, depth: usize) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::from(number.to_string()),
        Value::Array(_) | Value::Object(_) if depth > DEPTH => Value::from(value.to_string()),
        Value::Array(items) => items.into_iter().map(|item| plain(item, depth + 1)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, plain(value, depth + 1))).collect(),
        other => other,
    }
}

/// With no text longer than `most`. Names stay: two that begin alike must not become one.
fn shorten(value: Value, most: usize) -> Value {
    match value {
        Value::String(text) => Value::from(cut(text, most)),
        Value::Array(items) => items.into_iter().map(|item| shorten(item, most)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, shorten(value, most))).collect(),
        other => other,
    }
}

/// A field as one short text, where it is long.
fn flatten(value: Value) -> Value {
    match value {
        Value::String(text) => Value::from(cut(text, FIELD)),
        other if other.to_string().len() > FIELD => Value::from(cut(other.to_string(), FIELD)),
        other => other,
    }
}

/// The beginning of a text that takes more than `most` bytes of JSON, and how much it had more.
fn cut(text: String, most: usize) -> String {
    let mut taken = 0;
    let end = text.char_indices().find_map(|(at, letter)| {
        taken += match letter {
            '"' | '\\' => 2,
            '\0'..='\u{1f}' => 6,
            letter => letter.len_utf8(),
        };
        (taken > most).then_some(at)
    });
    match end {
        None => text,
        Some(end) => format!("{}… ({} bytes more)", &text[..end], text.len() - end),
    }
}

//! `--output text`: values between tabs, one line a group, for cut and awk. The reference's rules: members in the order of their
//! names, a group under the upper-cased name of its member.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// An answer as text.
pub(super) fn of(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, None, None);
    text
}

fn write(text: &mut String, value: &Value, name: Option<&str>, columns: Option<&BTreeSet<&str>>) {
    match value {
        Value::Object(members) => object(text, members, name, columns),
        Value::Array(items) => list(text, items, name),
        scalar => line(text, None, [word(scalar)]),
    }
}

fn object(text: &mut String, members: &Map<String, Value>, name: Option<&str>, columns: Option<&BTreeSet<&str>>) {
    let own = scalars(members);
    let columns = columns.unwrap_or(&own);
    if !columns.is_empty() {
        // What one item of a list lacks is an empty column, so that the others stay where they are.
        let cell = |column: &&str| members.get(*column).map(word).unwrap_or_default();
        let (theirs, ours): (Vec<&str>, Vec<&str>) = columns.iter().partition(|column| !is_ours(members, column));
        line(text, name, theirs.iter().chain(&ours).map(cell));
    }
    let groups: BTreeSet<&String> = members.keys().filter(|key| !columns.contains(key.as_str())).collect();
    for group in groups {
        write(text, &members[group], Some(group), None);
    }
}

/// Whether the reference's answer to get-parameters-for-import lacks this member. Such come last: `cut -f` counts columns.
fn is_ours(members: &Map<String, Value>, column: &str) -> bool {
    const OURS: [&str; 6] =
        ["Attestation", "HostExposure", "KeySpec", "VendorAttestation", "WrappingAlgorithm", "WrappingKeySpec"];
    members.contains_key("ParametersValidTo") && OURS.contains(&column)
}

fn list(text: &mut String, items: &[Value], name: Option<&str>) {
    let columns: BTreeSet<&str> = items.iter().filter_map(Value::as_object).flat_map(scalars).collect();
    let (nested, plain): (Vec<&Value>, Vec<&Value>) = items.iter().partition(|item| item.is_object() || item.is_array());
    match name {
        _ if plain.is_empty() => {}
        Some(_) => plain.iter().for_each(|item| line(text, name, [word(item)])),
        None => line(text, None, plain.iter().map(|item| word(item))),
    }
    for item in nested {
        write(text, item, name, item.is_object().then_some(&columns));
    }
}

fn scalars(members: &Map<String, Value>) -> BTreeSet<&str> {
    members.iter().filter(|(_, value)| !value.is_object() && !value.is_array()).map(|(key, _)| key.as_str()).collect()
}

fn line(text: &mut String, name: Option<&str>, words: impl IntoIterator<Item = String>) {
    let words: Vec<String> = name.map(str::to_ascii_uppercase).into_iter().chain(words).collect();
    text.push_str(&words.join("\t"));
    text.push('\n');
}

/// A value as the reference writes it, which is as Python would.
fn word(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

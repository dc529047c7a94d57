//! `--output table`: for reading. A table for each group of members, under its name.

use std::collections::BTreeSet;

use comfy_table::{ContentArrangement, Table, presets};
use rustix::termios::tcgetwinsize;
use serde_json::{Map, Value};

use super::Painter;

/// An answer as tables.
pub(super) fn of(title: &str, value: &Value, painter: Painter) -> String {
    let mut text = String::new();
    write(&mut text, title, value, painter);
    text
}

fn write(text: &mut String, title: &str, value: &Value, painter: Painter) {
    match value {
        Value::Object(members) => object(text, title, members, painter),
        Value::Array(items) => list(text, title, items, painter),
        scalar => show(text, title, vec![vec![cell(scalar)]], None, painter),
    }
}

fn object(text: &mut String, title: &str, members: &Map<String, Value>, painter: Painter) {
    let (groups, rows): (Vec<_>, Vec<_>) = members.iter().partition(|(_, value)| is_group(value));
    if !rows.is_empty() {
        let rows = rows.into_iter().map(|(name, value)| vec![name.clone(), cell(value)]).collect();
        show(text, title, rows, None, painter);
    }
    for (name, value) in groups {
        write(text, name, value, painter);
    }
}

fn list(text: &mut String, title: &str, items: &[Value], painter: Painter) {
    let mut columns: Vec<&String> = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, value) in items.iter().filter_map(Value::as_object).flatten() {
        if !is_group(value) && seen.insert(name) {
            columns.push(name);
        }
    }
    if items.is_empty() {
        return text.push_str(&format!("{}\n", painter.faint(&format!("{title}: none"))));
    }
    if columns.is_empty() {
        let row = |item: &Value| item.as_array().map_or_else(|| vec![cell(item)], |cells| cells.iter().map(cell).collect());
        return show(text, title, items.iter().map(row).collect(), None, painter);
    }
    let row = |item: &Value| columns.iter().map(|name| item.get(name.as_str()).map(cell).unwrap_or_default()).collect();
    let header = columns.iter().map(|name| (*name).clone()).collect();
    show(text, title, items.iter().map(row).collect(), Some(header), painter);
}

/// Whether it has a table of its own. A list of words is one cell.
fn is_group(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.is_empty() || items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("\n"),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

fn show(text: &mut String, title: &str, rows: Vec<Vec<String>>, header: Option<Vec<String>>, painter: Painter) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    if let Ok(size) = tcgetwinsize(std::io::stdout())
        && size.ws_col > 0
    {
        table.set_width(size.ws_col);
    }
    if let Some(header) = header {
        table.set_header(header);
    }
    table.add_rows(rows);
    text.push_str(&format!("{}\n{table}\n", painter.heading(title)));
}

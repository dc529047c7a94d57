//! The only place that writes to stdout and stderr.
//!
//! A reader that has heard enough, such as `head`, ends the output and not the command.

use std::io::Write;

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

/// Prints an answer as JSON, four spaces deep, members in their declared order, as the reference CLI does.
pub(crate) fn answer(value: &impl Serialize) -> anyhow::Result<()> {
    print(&json(value)?);
    Ok(())
}

/// Writes to stdout.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Writes to stderr.
pub(crate) fn complain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// An answer as the text that is printed.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    ")))?;
    text.push(b'\n');
    Ok(String::from_utf8(text)?)
}

//! The only place that writes to stdout and stderr.
//!
//! A reader that has heard enough, such as `head`, ends the output and not the command.

use std::io::Write;

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

/// Prints an answer as JSON, four spaces deep, members in their declared order, as the reference CLI does.
pub(crate) fn answer(value: &impl Serialize) -> anyhow::Result<()> {
    let _ = std::io::stdout().lock().write_all(json(value)?.as_bytes());
    Ok(())
}

/// Writes help to stdout, and what is wrong with a command line to stderr; in colour where somebody looks.
pub(crate) fn explain(error: &clap::Error) {
    if error.use_stderr() {
        complain("\n");
    }
    let _ = error.print();
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

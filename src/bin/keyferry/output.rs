//! The only place that writes to stdout and stderr.
//!
//! A reader that has heard enough, such as `head`, ends the output and not the command.

mod color;
mod pager;
mod table;
mod text;

use std::io::{IsTerminal, Write};

use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::failure::Failure;
use crate::globals::Format;
use crate::settings::Settings;
pub(crate) use color::{Painter, choose as choose_color};

/// Prints the answers of one command.
pub(crate) struct Printer {
    format: Format,
    query: Option<jmespath::Expression<'static>>,
    title: String,
    painter: Painter,
    pager: String,
}

impl Printer {
    /// A printer for the answers of `operation`.
    ///
    /// # Errors
    /// Where the query is no JMESPath, which is said before anything is done.
    pub(crate) fn new(settings: &Settings, operation: &str) -> Result<Self, Failure> {
        let compile = |query: &String| {
            jmespath::compile(query)
                .map_err(|error| Failure::usage(format!("Bad value for --query {query}: {}", error.to_string().trim_end())))
        };
        let query = settings.query.as_ref().map(compile).transpose()?;
        let painter = Painter::of(settings.color, std::io::stdout().is_terminal());
        Ok(Self { format: settings.format, query, title: operation.to_owned(), painter, pager: settings.pager.clone() })
    }

    /// Whether pages are printed as they come.
    pub(crate) fn streams(&self) -> bool {
        self.format == Format::YamlStream
    }

    /// Prints an answer, or what the query takes from it.
    pub(crate) fn answer(&self, answer: &Value) -> Result<(), Failure> {
        let taken = self.take(answer)?;
        self.plain(&match self.format {
            Format::Json => json(&taken)?,
            Format::Text => text::of(&taken),
            Format::Table => table::of(&self.title, &taken, self.painter),
            Format::Yaml => yaml(&taken)?,
            Format::YamlStream => yaml(&Value::Array(vec![taken]))?,
        })
    }

    /// Prints JSON, whatever the format is.
    pub(crate) fn json(&self, value: &Value) -> Result<(), Failure> {
        self.plain(&json(&self.take(value)?)?)
    }

    /// Prints text as it is.
    pub(crate) fn plain(&self, text: &str) -> Result<(), Failure> {
        if !std::io::stdout().is_terminal() || !pager::show(&self.pager, text) {
            write(text.as_bytes());
        }
        Ok(())
    }

    fn take(&self, answer: &Value) -> Result<Value, Failure> {
        let Some(query) = &self.query else { return Ok(answer.clone()) };
        let bad = |error: &dyn std::fmt::Display| Failure::usage(format!("Bad value for --query {query}: {error}"));
        let taken = query.search(answer.clone()).map_err(|error| bad(&error))?;
        serde_json::to_value(&taken).map_err(|error| bad(&error))
    }
}

/// Writes help to stdout, and what is wrong with a command line to stderr; in colour where somebody looks.
pub(crate) fn explain(error: &clap::Error) {
    if error.use_stderr() {
        complain("\n");
    }
    let _ = error.print();
}

/// Writes to stdout.
pub(crate) fn write(bytes: &[u8]) {
    let _ = std::io::stdout().lock().write_all(bytes);
}

/// Writes to stderr.
pub(crate) fn complain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// JSON, four spaces deep, members in their own order, as the reference CLI prints it.
pub(crate) fn json(value: &Value) -> Result<String, Failure> {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
    serde::Serialize::serialize(value, &mut serializer).map_err(anyhow::Error::from)?;
    text.push(b'\n');
    Ok(String::from_utf8(text).map_err(anyhow::Error::from)?)
}

/// YAML, one document.
pub(crate) fn yaml(value: &Value) -> Result<String, Failure> {
    let mut text = serde_saphyr::to_string(value).map_err(anyhow::Error::from)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

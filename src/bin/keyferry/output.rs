//! The only place that writes to stdout and stderr.
//!
//! A reader that has heard enough, such as `head`, ends the output and not the command.

mod color;
mod pager;
mod query;
mod table;
mod text;

use std::cell::RefCell;
use std::io::{ErrorKind, IsTerminal, Write};

use anyhow::Context;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use crate::clean::clean;
use crate::failure::Failure;
use crate::globals::Format;
use crate::settings::Settings;
pub(crate) use color::{Painter, choose as choose_color};
use pager::Pager;
use query::Query;

/// Prints the answers of one command.
pub(crate) struct Printer {
    format: Format,
    query: Option<Query>,
    title: String,
    painter: Painter,
    pager: String,
    open: RefCell<Option<Pager>>,
    is_watched: bool,
}

impl Printer {
    /// A printer for the answers of `operation`.
    ///
    /// # Errors
    /// Where the query is no JMESPath, which is said before anything is done.
    pub(crate) fn new(settings: &Settings, operation: &str) -> Result<Self, Failure> {
        let query = settings.query.as_deref().map(Query::compile).transpose()?;
        let is_watched = std::io::stdout().is_terminal();
        let painter = Painter::of(settings.color, is_watched);
        Ok(Self {
            format: settings.format,
            query,
            title: operation.to_owned(),
            painter,
            pager: settings.pager.clone(),
            open: RefCell::new(None),
            is_watched,
        })
    }

    /// Whether pages are printed as they come.
    pub(crate) fn streams(&self) -> bool {
        self.format == Format::YamlStream
    }

    /// Prints an answer, or what the query takes from it.
    pub(crate) fn answer(&self, answer: &Value) -> Result<(), Failure> {
        let taken = self.take(answer)?;
        self.plain(&match self.format {
            Format::Json if self.is_watched => clean(&json(&taken)?),
            Format::Json => json(&taken)?,
            Format::Text => text::of(&self.harmless(taken)),
            Format::Table => table::of(&self.title, &self.harmless(taken), self.painter),
            Format::Yaml | Format::YamlStream => {
                let document = if self.streams() { Value::Array(vec![taken]) } else { taken };
                let text = yaml(&document)?;
                if self.is_watched { clean(&text) } else { text }
            }
        })
    }

    /// Prints a list that was put together from pages, and where to go on.
    pub(crate) fn list(&self, mut list: Map<String, Value>, next: Option<Value>) -> Result<(), Failure> {
        let next = next.map(|token| ("NextToken".to_owned(), token));
        if self.format != Format::Text || self.query.is_some() {
            list.extend(next);
            return self.answer(&Value::Object(list));
        }
        // As the reference: a line of its own, behind the others.
        let next = next.map(|(name, token)| (name.clone(), Value::Object(Map::from_iter([(name, token)]))));
        let next = next.map(|next| text::of(&Value::Object(Map::from_iter([next])))).unwrap_or_default();
        self.plain(&(text::of(&self.harmless(Value::Object(list))) + &next))
    }

    /// Prints JSON, whatever the format is.
    pub(crate) fn json(&self, value: &Value) -> Result<(), Failure> {
        self.plain(&json(&self.take(value)?)?)
    }

    /// Prints text as it is.
    pub(crate) fn plain(&self, text: &str) -> Result<(), Failure> {
        let mut open = self.open.borrow_mut();
        if open.is_none() && self.is_watched {
            *open = Pager::open(&self.pager);
        }
        match &mut *open {
            Some(pager) => pager.write(text),
            None => put(text.as_bytes())?,
        }
        Ok(())
    }

    /// The words of others, for a terminal; JSON and YAML have their own way of writing what it would obey, nearly all of it.
    fn harmless(&self, value: Value) -> Value {
        match value {
            _ if !self.is_watched => value,
            Value::String(text) => Value::from(clean(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.harmless(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (clean(&name), self.harmless(value))).collect()
            }
            other => other,
        }
    }

    fn take(&self, answer: &Value) -> Result<Value, Failure> {
        self.query.as_ref().map_or_else(|| Ok(answer.clone()), |query| query.take(answer))
    }
}

/// Writes help to stdout, and what is wrong with a command line to stderr; in colour where somebody looks.
pub(crate) fn explain(error: &clap::Error) {
    if error.use_stderr() {
        complain("\n");
    }
    let _ = error.print();
}

/// Writes to stdout, where nothing is lost that could not be had again.
pub(crate) fn write(bytes: &[u8]) {
    let _ = put(bytes);
}

/// Writes to stdout all of it, unless the reader has heard enough.
fn put(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("it is done, but the answer could not be written to the standard output")
        }
        _ => Ok(()),
    }
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
    // A line a member, however long, as the reference: for grep.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let mut text = serde_saphyr::to_string_with_options(value, options).map_err(anyhow::Error::from)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

//! The log: to standard error, for people or as JSON.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::traces::Traces;
use crate::config::{Format, Log};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not directives; a parsed configuration has none such.
    #[error("log.level")]
    Directives(#[from] tracing_subscriber::filter::ParseError),
    /// There is one already.
    #[error("the log is set up twice")]
    Twice(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Sets the log up for the whole process, panics included; and where spans go, if anywhere.
///
/// # Errors
/// Where it was before.
pub fn init(log: &Log, traces: Option<&Traces>) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&log.level)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        Format::Human => lines.compact().with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter)).with(traces.map(Traces::layer));
    subscriber.try_init().map_err(|error| Error::Twice(error.into()))?;
    std::panic::set_hook(Box::new(|panic| {
        // Where, and never what it says: nobody has checked what a message from deep inside shows.
        let location = panic.location().map(ToString::to_string);
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tracing::error!(location, backtrace, "panicked");
    }));
    Ok(())
}

//! The log: to standard error, for people or as JSON.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

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

/// Sets the log up for the whole process, panics included.
///
/// # Errors
/// Where it was before.
pub fn init(log: &Log) -> Result<(), Error> {
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(&log.level)?).with_writer(std::io::stderr);
    match log.format {
        Format::Human => builder.compact().with_ansi(std::io::stderr().is_terminal()).try_init(),
        Format::Json => builder.json().flatten_event(true).with_span_list(false).try_init(),
    }
    .map_err(Error::Twice)?;
    std::panic::set_hook(Box::new(|panic| {
        // Where, and never what it says: nobody has checked what a message from deep inside shows.
        let location = panic.location().map(ToString::to_string);
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tracing::error!(location, backtrace, "panicked");
    }));
    Ok(())
}

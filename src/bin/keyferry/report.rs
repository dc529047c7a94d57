//! How a command ends: what went wrong on stderr, the kind of it in the exit code, as the reference CLI has them.

use std::io::IsTerminal;
use std::process::ExitCode;

use crate::clean::clean;
use crate::failure::Failure;
use crate::globals::Color;
use crate::output::{self, Painter};

/// Exit codes of the reference CLI, version 2.
const USAGE: u8 = 252;
const CONFIGURATION: u8 = 253;
const SERVICE: u8 = 254;
const OTHER: u8 = 255;

/// Says what went wrong, and gives the exit code.
pub(crate) fn failure(failure: &Failure, color: Color) -> ExitCode {
    let painter = Painter::of(color, std::io::stderr().is_terminal());
    let message = clean(&failure.message());
    let (first, rest) = match (message.split_once('\n'), failure) {
        (Some((first, rest)), _) => (first, format!("\n{rest}")),
        // As clap ends what it says of a command line.
        (None, Failure::Usage(_)) => (message.as_str(), "\nFor more information, try '--help'.".to_owned()),
        (None, _) => (message.as_str(), String::new()),
    };
    output::complain(&format!("\n{}{rest}\n", painter.bad(first)));
    ExitCode::from(match failure {
        Failure::Usage(_) => USAGE,
        Failure::Configuration(_) => CONFIGURATION,
        Failure::Service { .. } => SERVICE,
        Failure::Local(_) => OTHER,
    })
}

/// Says what was wrong with the command line, or what was asked about it.
pub(crate) fn command_line(error: &clap::Error) -> ExitCode {
    output::explain(error);
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

//! All commands: a verb for each operation, and what is keyferry's own.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command, Subcommand};
use clap_complete::Shell;

use crate::configure::Configure;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::import::Import;
use crate::output;
use crate::schema::Operation;
use crate::verb;
use crate::wrapping::Wrap;

/// What the reference does not have.
#[derive(Subcommand)]
pub(crate) enum Own {
    /// Import a key file: create or reuse the key, choose how to wrap, wrap, import, and compare
    Import(Box<Import>),
    /// Wrap a key file offline, with saved parameters or for somebody else's key
    Wrap(Wrap),
    /// Write a profile: where the service is, and who asks
    Configure(Configure),
    /// Print what makes a shell complete these commands
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
}

#[derive(Args)]
pub(crate) struct Completions {
    /// The shell; for bash: source <(keyferry completions bash)
    shell: Shell,
}

#[derive(Args)]
pub(crate) struct Man {
    /// The folder that the pages go to
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// The whole command line.
pub(crate) fn all() -> Command {
    let verbs = Command::new("keyferry").subcommands(Operation::all().iter().map(verb::command));
    Own::augment_subcommands(Globals::augment_args(verbs))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Brings key material into an HSM, wrapped")
        .after_help(
            "Exit codes: 0 done, 252 the command line, 253 the configuration, 254 the service said no, 255 anything else.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
}

/// Prints a completion script.
pub(crate) fn completions(command: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut all(), "keyferry", &mut script);
    output::write(&script);
    Ok(())
}

/// Writes a manual page for each command.
pub(crate) fn manual(command: &Man) -> Result<(), Failure> {
    let folder = &command.folder;
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    clap_mangen::generate_to(all(), folder).with_context(|| folder.display().to_string())?;
    Ok(())
}

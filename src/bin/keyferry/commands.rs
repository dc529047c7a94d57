//! All commands: a verb for each operation, and what is keyferry's own.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Arg, Args, Command, Subcommand};
use clap_complete::Shell;

use crate::audit::Audit;
use crate::configure::Configure;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::import::Import;
use crate::output;
use crate::policy::Policy;
use crate::schema::Operation;
use crate::trust::{VerifyAttestation, VerifyReceipt};
use crate::verb;
use crate::wrapping::Wrap;

/// What the reference does not have.
#[derive(Subcommand)]
pub(crate) enum Own {
    /// Import a key file: create or reuse the key, choose how to wrap, wrap, import, and compare
    Import(Box<Import>),
    /// Wrap a key file offline, with saved parameters or for somebody else's key
    Wrap(Wrap),
    /// Say whether a wrapping key is attested by the service that is trusted, and print what is
    VerifyAttestation(VerifyAttestation),
    /// Say whether a receipt is the service's that is trusted, and print what it is of
    VerifyReceipt(VerifyReceipt),
    /// Ask a folder of policies offline who may do what, and whether it is good
    Policy(Policy),
    /// Check an audit log offline
    Audit(Audit),
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
    Own::augment_subcommands(Globals::augment_args(verbs).mut_args(unless_empty))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Brings key material into an HSM, wrapped")
        .after_help(
            "Exit codes: 0 done, 1 denied by policy test, 252 the command line, 253 the configuration, 254 the service said no, 255 anything else.",
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
    let mut command = without_help(all());
    // So that the pages of the verbs have the global options too.
    command.build();
    clap_mangen::generate_to(command, folder).with_context(|| folder.display().to_string())?;
    Ok(())
}

/// Without the command `help`, which would have a page for each of the others.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

/// An empty variable is one that is not set.
fn unless_empty(argument: Arg) -> Arg {
    let is_empty = argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if is_empty { argument.env(None::<&'static str>) } else { argument }
}

/// The words of a command line, with `keyferry VERB help`, as the reference has it, understood.
pub(crate) fn words(mut given: Vec<OsString>) -> Vec<OsString> {
    if let [_, verb, last] = &mut given[..]
        && last == "help"
        && verb != "help"
    {
        *last = "--help".into();
    }
    given
}

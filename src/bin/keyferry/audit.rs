//! `keyferry audit verify`: an audit log, checked from its files alone. Connects to nothing.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use keyferry::audit::{self, Fault, Verified, Wrong};
use keyferry::client::Trust;
use serde_json::{Value, json};

use crate::failure::{Failure, of_unread};
use crate::output::Printer;
use crate::settings::Settings;
use crate::trust;

#[derive(Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Check that no line was altered, added, removed or reordered, and how far the token's signatures reach
    Verify(Verify),
}

#[derive(Args)]
struct Verify {
    /// The public key that signs the log, PEM, DER or base64 of DER; without it only the chain is checked, which whoever writes the file can forge
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Fail unless the signatures reach this line at least: SignedUpTo of an earlier run shows that nothing was cut off since
    #[arg(long, value_name = "SEQUENCE", requires = "trust")]
    signed_up_to: Option<u64>,
    /// The files of one log, in any order: the current one and the old ones beside it
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs it.
pub(crate) fn run(command: &Audit, settings: &Settings) -> Result<(), Failure> {
    match &command.what {
        What::Verify(command) => verify(command, settings),
    }
}

fn verify(command: &Verify, settings: &Settings) -> Result<(), Failure> {
    let printer = Printer::new(settings, "Verify")?;
    let key = command.trust.as_deref().map(trust::load).transpose()?;
    let verified = audit::verify(&command.files, key.as_ref().map(Trust::spki)).map_err(of_fault)?;
    let reached = verified.signed_up_to.unwrap_or_default();
    if let Some(wanted) = command.signed_up_to.filter(|wanted| *wanted > reached) {
        return Err(Failure::Local(anyhow!(
            "the signatures reach line {reached}, not line {wanted}: what is after it was cut off, or was never here\n\
             Give all files of the log, the current one too; compare them with a copy if they are"
        )));
    }
    printer.answer(&shown(&verified, key.is_some()))
}

fn shown(verified: &Verified, is_trusted: bool) -> Value {
    let Verified { log, installation, first, last, is_whole, files, lines, checkpoints, signed_up_to, unsigned, unfinished } =
        verified;
    json!({
        "LogId": log.to_string(),
        "InstallationId": installation.to_string(),
        "Chain": "INTACT",
        "Signatures": match (is_trusted, signed_up_to) {
            (false, _) => "NOT_CHECKED",
            (true, None) => "NONE",
            (true, Some(_)) => "VALID",
        },
        "FirstSequence": first,
        "LastSequence": last,
        "BeginsWithTheLog": is_whole,
        "Files": files,
        "Lines": lines,
        "Checkpoints": checkpoints,
        "SignedUpTo": signed_up_to,
        "UnsignedLines": unsigned,
        "UnfinishedBytes": unfinished,
    })
}

fn of_fault(fault: Fault) -> Failure {
    let remedy = match &fault {
        Fault::File { file, source } => return of_unread(file, source),
        Fault::Line { line: 1, wrong: Wrong::Gap { .. }, .. } => {
            "Give all files of the log, each once: none between may be missing"
        }
        Fault::Line { wrong: Wrong::OtherKey(_), .. } => "Give the key that signed this log: --trust FILE",
        Fault::Line { line: 1, wrong: Wrong::Malformed, .. } => {
            "See that this is an audit log, and then compare it with a copy"
        }
        Fault::Line { wrong: Wrong::AnotherLog, .. } => {
            "Give the files of one log only; if they are, compare them with a copy"
        }
        _ => "Keep the files as they are, and compare them with a copy, or with what was forwarded from here",
    };
    Failure::Local(anyhow!("{fault}\n{remedy}"))
}

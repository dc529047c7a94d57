//! `keyferry policy`: what a folder of policies says, before a service is given it. Connects to nothing.

mod question;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use keyferry::policy::Policies;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Printer;
use crate::settings::Settings;
use question::Asked;

/// What scripts tell a denial by: none of the codes that say that something went wrong.
const DENIED: u8 = 1;

#[derive(Args)]
pub(crate) struct Policy {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say whether a principal may do something, and which policies decide; exits with 0 for Allow and with 1 for Deny
    Test(Box<Test>),
    /// Say whether a folder of policies is good, and what is odd about it
    Check {
        #[command(flatten)]
        folder: Folder,
    },
}

#[derive(Args)]
struct Test {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Args)]
struct Folder {
    /// The folder with principals.toml and the *.cedar files, for example deploy/policy
    #[arg(long, value_name = "FOLDER")]
    policy: PathBuf,
}

/// Runs it.
pub(crate) fn run(command: Policy, settings: &Settings) -> Result<ExitCode, Failure> {
    match command.what {
        What::Check { folder } => check(&load(&folder.policy)?, settings),
        What::Test(test) => ask(&load(&test.folder.policy)?, &test.asked, settings),
    }
}

fn load(folder: &Path) -> Result<Policies, Failure> {
    Policies::load(folder).map_err(|error| Failure::Configuration(error.into()))
}

fn check(policies: &Policies, settings: &Settings) -> Result<ExitCode, Failure> {
    let files: Vec<String> = policies.sources().map(|path| path.display().to_string()).collect();
    let principals: Vec<&str> = policies.principals().map(|principal| principal.name.as_str()).collect();
    let answer = json!({
        "Files": files,
        "Principals": principals,
        "Policies": policies.ids(),
        "Warnings": policies.warnings(),
    });
    Printer::new(settings, "PolicyCheck")?.answer(&answer)?;
    Ok(ExitCode::SUCCESS)
}

fn ask(policies: &Policies, asked: &Asked, settings: &Settings) -> Result<ExitCode, Failure> {
    let printer = Printer::new(settings, "PolicyTest")?;
    let name = asked.principal();
    let principal = policies.principal(name).ok_or_else(|| {
        let known: Vec<&str> = policies.principals().map(|principal| principal.name.as_str()).collect();
        anyhow!("principals.toml names no {name}, so a service refuses it\nGive one of: {}", known.join(", "))
    })?;
    let decision = asked.put_to(policies, principal)?;
    let word = if decision.allowed { "Allow" } else { "Deny" };
    printer.answer(&Value::from_iter([("Decision", json!(word)), ("Policies", json!(decision.policies))]))?;
    Ok(if decision.allowed { ExitCode::SUCCESS } else { ExitCode::from(DENIED) })
}

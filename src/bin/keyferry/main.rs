//! keyferry: the client. Names, options, output and exit codes are those of the reference CLI, so that habits and scripts carry over.

mod audit;
mod blob;
mod clean;
mod commands;
mod configure;
mod debug;
mod failure;
mod globals;
mod import;
mod input_file;
mod key_source;
mod names;
mod output;
mod parameters;
mod policy;
mod profile;
mod prompt;
mod replace;
mod report;
mod request;
mod schema;
mod settings;
mod several;
mod shape;
mod structures;
mod trust;
mod typed;
mod verb;
mod wrapping;

use std::process::ExitCode;

use clap::{ArgMatches, FromArgMatches};
use keyferry::server::process;

use commands::Own;
use failure::Failure;
use globals::Globals;
use schema::Operation;
use settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Another crypto provider in the build would leave rustls without a default; one that is set already is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = commands::words(std::env::args_os().collect());
    let color = output::choose_color(&arguments);
    let command = commands::all().color(color.into());
    let matches = match command.try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return report::command_line(&error),
    };
    match run(&matches).await {
        Ok(code) => code,
        Err(failure) => report::failure(&failure, color),
    }
}

async fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    // Before it knows a secret: the key file's, or the client certificate's private key.
    process::close_off().map_err(anyhow::Error::from)?;
    let Some((verb, own)) = matches.subcommand() else { return Ok(ExitCode::SUCCESS) };
    let globals = Globals::from_arg_matches(own).map_err(|error| Failure::usage(error.to_string()))?;
    debug::start(globals.debug);
    if let Some(operation) = Operation::of_verb(verb) {
        verb::run(&operation, own, &Settings::new(globals)?).await?;
        return Ok(ExitCode::SUCCESS);
    }
    match Own::from_arg_matches(matches).map_err(|error| Failure::usage(error.to_string()))? {
        Own::Audit(command) => audit::run(&command, &Settings::new(globals)?)?,
        Own::Completions(command) => commands::completions(&command)?,
        Own::Configure(command) => configure::run(command, globals).await?,
        Own::Import(command) => import::run(*command, own, globals).await?,
        Own::Man(command) => commands::manual(&command)?,
        Own::Policy(command) => return policy::run(command, &Settings::new(globals)?),
        Own::VerifyAttestation(command) => trust::verify_attestation(&command, &Settings::new(globals)?)?,
        Own::VerifyReceipt(command) => trust::verify_receipt(&command, &Settings::new(globals)?)?,
        Own::Wrap(command) => wrapping::wrap(command, &Settings::new(globals)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

//! keyferry: the client. Names, options, JSON and exit codes are those of the reference CLI, so that habits and scripts carry over.

mod arguments;
mod blob;
mod connection;
mod failure;
mod import;
mod keys;
mod names;
mod output;
mod parameters;
mod shape;
mod wrapping;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use connection::Connection;
use failure::Failure;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return failure::usage(&error),
    };
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let endpoint = arguments.endpoint;
    match arguments.command {
        Command::Wrap(command) => wrapping::wrap(command),
        Command::Keys(command) => keys::run(command, &mut Connection::open(endpoint).await?).await,
        Command::Imports(command) => import::run(command, &mut Connection::open(endpoint).await?).await,
    }
}

//! The service's command line: `keyferryd serve` and what an operator needs before it.

mod access_key;
mod dev;
mod doctor;
mod public_keys;
mod serve;
mod token;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use keyferry::config::Config;
use keyferry::model::HostAssisted;
use keyferry::server::traces::Traces;
use keyferry::server::{self, StartError, logs, process};

/// Takes key material into an HSM: wrapping keys made in a PKCS#11 token, material unwrapped inside it.
#[derive(Debug, Parser)]
#[command(name = "keyferryd", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token and a database each other's, for a new installation.
    Init {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Serve until told to stop by SIGTERM; SIGHUP reads the certificates again.
    Serve {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Let callers move the clock; `dev --clock-control` runs this.
        #[arg(long, hide = true)]
        clock_control: bool,
    },
    /// Say what the token can do, path by path, and why not where not; how full it is, and when it will be.
    Doctor {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the public keys that attestations, receipts and the audit log are signed with, as the token itself shows them: what to
    /// pin, handed over by another way than the service.
    PublicKeys {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// This one, and nothing else.
        #[arg(long, value_name = "NAME")]
        only: Option<public_keys::Which>,
    },
    /// Make and end access keys, which callers without a certificate sign with, also beside a service that runs.
    #[command(subcommand)]
    AccessKey(access_key::Command),
    /// Say whether a configuration is good, and the files with secrets that it names are private.
    CheckConfig {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Serve over SoftHSM2 from one folder, made on the first start: for development.
    Dev {
        /// Where token, database, certificates and settings are.
        #[arg(long, value_name = "FOLDER", default_value = ".local")]
        dir: PathBuf,
        /// Where to listen.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
        listen: SocketAddr,
        /// Where to listen for the clients of the KMS API: the aws command, boto3, Terraform.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8444")]
        json_listen: SocketAddr,
        /// Let callers move the clock (keyferry advance-clock), so that expiry can be seen without waiting a day.
        #[arg(long)]
        clock_control: bool,
    },
    /// Make a token; `dev` runs this as a process of its own, because a process loads a PKCS#11 module once.
    #[command(hide = true)]
    InitToken(token::Args),
}

/// Where the token refused the PIN: whoever starts this program anew by itself must not then, for tokens lock.
const NEVER_AGAIN: u8 = 78;

/// How long work that nobody waits for may take to end: it may hang in the token.
const LAST_WORK: Duration = Duration::from_secs(12);

/// Where the token hangs so that only another process can help: EX_TEMPFAIL (sysexits.h).
const START_ANEW: u8 = 75;

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where standard error is closed.
            let _ = writeln!(std::io::stderr(), "keyferryd: {error:#}");
            match error.downcast_ref() {
                Some(StartError::Token(refusal)) if refusal.is_of_the_pin() => ExitCode::from(NEVER_AGAIN),
                _ if matches!(error.downcast_ref(), Some(server::Error::GivenUp)) => ExitCode::from(START_ANEW),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    // Chosen before anything can choose another one.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        anyhow::bail!("the TLS provider was chosen twice");
    }
    match command {
        Command::Init { config } => {
            let config = prepare(&config)?;
            process::harden(HostAssisted::None)?;
            runtime()?.block_on(server::init(&config))?;
            say("initialised")
        }
        Command::Serve { config, clock_control } => {
            let config = load(&config)?;
            let runtime = runtime()?;
            let traces = runtime.block_on(async { Traces::open(&config.traces) })?;
            logs::init(&config.log, traces.as_ref())?;
            process::harden(config.hsm.most_host_assisted())?;
            let served = serve::serve(&config, clock_control, &runtime);
            traces.iter().for_each(Traces::close);
            runtime.shutdown_timeout(LAST_WORK);
            served
        }
        Command::Doctor { config, json } => {
            let config = prepare(&config)?;
            // What the probe unwraps is nobody's.
            process::harden(HostAssisted::None)?;
            let tokens = runtime()?.block_on(async {
                let mut tokens = Vec::new();
                for token in config.hsm.all() {
                    let profile = server::examine(&config, token).await?;
                    let holdings = server::holdings(&config, &profile).await;
                    tokens.push((profile, holdings.map_err(|error| format!("{:#}", anyhow::Error::from(error)))));
                }
                anyhow::Ok(tokens)
            })?;
            say(&if json { doctor::json(&tokens)? } else { doctor::tables(&tokens) })?;
            // After all that is known of it: who sees why not has seen how, too.
            tokens.iter().try_for_each(|(profile, _)| Ok(profile.isolation.require_fit()?))
        }
        Command::PublicKeys { config, only } => {
            let config = prepare(&config)?;
            process::harden(HostAssisted::None)?;
            let keys = runtime()?.block_on(server::public_keys(&config))?;
            say(&public_keys::text(&keys, only)?)
        }
        Command::AccessKey(command) => {
            let config = prepare(command.config())?;
            process::harden(HostAssisted::None)?;
            runtime()?.block_on(command.run(&config))
        }
        Command::CheckConfig { config } => {
            server::examine_files(&load(&config)?)?;
            say("the configuration is good")
        }
        Command::Dev { dir, listen, json_listen, clock_control } => {
            dev::dev(&dir, dev::Doors { grpc: listen, json: json_listen }, clock_control)
        }
        Command::InitToken(args) => token::initialise(&args),
    }
}

fn load(path: &Path) -> anyhow::Result<Config> {
    Config::load(path).with_context(|| format!("configuration {}", path.display()))
}

/// A configuration, and the log that it asks for.
fn prepare(path: &Path) -> anyhow::Result<Config> {
    let config = load(path)?;
    logs::init(&config.log, None)?;
    Ok(config)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{}", text.trim_end()).context("standard output")
}

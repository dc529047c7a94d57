//! `keyferryd access-key`: what callers without a certificate sign with, made and ended beside a service that runs.
//!
//! Answers as `aws iam` does to the verbs of the same names, so that what reads those reads these. A secret is written to standard
//! output, once, and to nothing else.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use keyferry::config::Config;
use keyferry::model::{AccessKey, Timestamp};
use keyferry::server::access_keys;
use keyferry::service::Issued;
use secrecy::ExposeSecret;
use serde::Serialize;
use zeroize::Zeroizing;

/// Long enough to bring the new one to wherever the old one is, and to see a day's errands done with it.
const GRACE_HOURS: u32 = 24;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an access key for a principal, and print its secret, which is not shown again.
    Create {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Whom it stands for, as principals.toml names them.
        #[arg(long, value_name = "NAME")]
        principal: String,
    },
    /// Show every access key, also those that have ended; no secrets.
    List {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// End an access key at once, for good.
    Disable {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Its id.
        id: String,
    },
    /// Make another access key for the principal of one, which ends later.
    Rotate {
        /// The configuration, for example deploy/keyferryd.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Its id.
        id: String,
        /// How long the old one holds; 0 ends it at once.
        #[arg(long, value_name = "HOURS", default_value_t = GRACE_HOURS)]
        grace: u32,
    },
}

impl Command {
    pub(crate) fn config(&self) -> &PathBuf {
        match self {
            Self::Create { config, .. }
            | Self::List { config }
            | Self::Disable { config, .. }
            | Self::Rotate { config, .. } => config,
        }
    }

    /// Does it, and prints what is to be printed.
    pub(crate) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        match self {
            Self::Create { principal, .. } => {
                print(&access_keys::create(config, principal).await?)?;
                note("the secret is not shown again: keep it where only its holder reads it")
            }
            Self::List { .. } => super::say(&list(&access_keys::list(config).await?)?),
            Self::Disable { id, .. } => {
                access_keys::disable(config, id).await?;
                note("disabled")
            }
            Self::Rotate { id, grace, .. } => {
                let grace_time = Duration::from_secs(u64::from(*grace) * 60 * 60);
                print(&access_keys::rotate(config, id, grace_time).await?)?;
                note(&format!("the secret is not shown again; {id} holds for {grace} more hours"))
            }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created<'a> {
    access_key: Shown<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    access_key_metadata: Vec<Shown<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    user_name: &'a str,
    access_key_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_access_key: Option<&'a str>,
    create_date: Option<String>,
    /// Not one of the reference's, whose keys end only when they are told to.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
}

impl<'a> Shown<'a> {
    fn new(key: &'a AccessKey, holds: bool, secret_access_key: Option<&'a str>) -> Self {
        Self {
            user_name: &key.principal,
            access_key_id: key.id.as_str(),
            status: if holds { "Active" } else { "Inactive" },
            secret_access_key,
            create_date: key.created_at.rfc3339(),
            end_date: key.ends_at.and_then(Timestamp::rfc3339),
        }
    }
}

fn list(keys: &[(AccessKey, bool)]) -> anyhow::Result<String> {
    let shown = keys.iter().map(|(key, holds)| Shown::new(key, *holds, None)).collect();
    serde_json::to_string_pretty(&Listed { access_key_metadata: shown }).context("JSON")
}

/// Not by way of a text of no certain end: this one is wiped.
fn print(issued: &Issued) -> anyhow::Result<()> {
    let access_key = Shown::new(&issued.key, true, Some(issued.secret.expose_secret()));
    // Large enough to be written without a larger one being made of it.
    let mut text = Zeroizing::new(Vec::with_capacity(4096 + 8 * issued.key.principal.len()));
    serde_json::to_writer_pretty(&mut *text, &Created { access_key }).context("JSON")?;
    text.push(b'\n');
    std::io::stdout().write_all(&text).context("standard output")
}

/// To a person: what reads standard output reads JSON.
fn note(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stderr(), "{text}").context("standard error")
}

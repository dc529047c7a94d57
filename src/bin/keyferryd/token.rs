//! `keyferryd init-token`: a token with PINs from files, so that no process list ever shows them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use keyferry::server;
use secrecy::SecretString;
use zeroize::Zeroizing;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The PKCS#11 module.
    #[arg(long, value_name = "FILE")]
    pub(crate) module: PathBuf,
    /// The new token's label.
    #[arg(long)]
    pub(crate) label: String,
    /// The file that holds the security officer's PIN.
    #[arg(long, value_name = "FILE")]
    pub(crate) so_pin_file: PathBuf,
    /// The file that holds the user PIN.
    #[arg(long, value_name = "FILE")]
    pub(crate) pin_file: PathBuf,
}

/// Makes the token.
pub(crate) fn initialise(args: &Args) -> anyhow::Result<()> {
    let Args { module, label, so_pin_file, pin_file } = args;
    Ok(server::initialise_token(module, label, &read(so_pin_file)?, &read(pin_file)?)?)
}

fn read(path: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let text = Zeroizing::new(text);
    Ok(SecretString::from(text.trim_end()))
}

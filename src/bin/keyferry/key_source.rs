//! The key file: read into locked memory, its passphrase asked for where it has one.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use keyferry::model::{KeySpec, WrappingAlgorithm};
use keyferry::wrap::{Format, KeyFile, Locked};
use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::clean::clean_line;
use crate::failure::{Failure, of_unread};
use crate::output::complain;
use crate::replace::Identity;

/// No key file is larger: an RSA_4096 key in PEM has 3.3 kB.
const MOST_BYTES: usize = 64 * 1024;

/// What a shell says of a command that Ctrl-C ended, and so does the reference CLI.
const INTERRUPTED: i32 = 130;

/// How the key file is to be read.
#[derive(Args)]
#[command(next_help_heading = "Key file")]
pub(crate) struct KeySource {
    /// What the key file is, where it must not be found out
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = formats())]
    key_material_format: Format,
    /// The first line of this file is the passphrase of an encrypted key file; asked for on the terminal where not given
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.iter().map(|format| format.as_str())).try_map(|name| name.parse::<Format>())
}

impl KeySource {
    /// Reads the key file at `path`; `-` is standard input.
    ///
    /// # Errors
    /// What it is and what to do, where it is no key file that can be opened.
    pub(crate) fn open(&self, path: &Path) -> Result<KeyFile, Failure> {
        let bytes = read(opened(path), path)?;
        if !bytes.is_locked() {
            complain(
                "warning: the key file is read into memory that may be swapped to disk: raise RLIMIT_MEMLOCK (ulimit -l)\n",
            );
        }
        let passphrase_file = self.passphrase_file.as_deref().map(first_line).transpose()?;
        let mut passphrase = || passphrase_file.clone().or_else(|| ask(path));
        Ok(KeyFile::open(&bytes, self.key_material_format, &mut passphrase)?)
    }

    /// Which files are read where the key file is at `path`.
    pub(crate) fn identities(&self, path: &Path) -> Vec<Identity> {
        let files = [opened(path).ok(), self.passphrase_file.as_ref().and_then(|path| File::open(path).ok())];
        files.into_iter().flatten().filter_map(|file| file.metadata().ok()).map(|found| Identity::of(&found)).collect()
    }
}

/// The file itself: `Stdin` would keep what it has read in a buffer of its own, for as long as the process lives.
fn opened(path: &Path) -> io::Result<File> {
    match path.to_str() {
        Some("-") => io::stdin().as_fd().try_clone_to_owned().map(File::from),
        _ => File::open(path),
    }
}

/// Asks on the terminal, whatever stdin is; `None` where there is none.
fn ask(path: &Path) -> Option<SecretString> {
    let name = if path.as_os_str() == "-" { "the key file".into() } else { clean_line(&path.display().to_string()) };
    let question = format!("Passphrase of {name}: ");
    // Not caught, Ctrl-C would end the process before the terminal is made to show again what is typed.
    let interrupt = signal(SignalKind::interrupt()).ok();
    let typed = rpassword::prompt_password(question).map(Zeroizing::new);
    if typed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
        std::process::exit(INTERRUPTED);
    }
    // Once caught it is always caught: from here on it ends the process as it would have.
    if let Some(mut interrupt) = interrupt {
        tokio::spawn(async move {
            interrupt.recv().await;
            std::process::exit(INTERRUPTED)
        });
    }
    // Copied once, into what is wiped: a `String` would be made to fit, and leave its first place as it was.
    Some(SecretString::from(typed.ok()?.as_str()))
}

fn first_line(path: &Path) -> Result<SecretString, Failure> {
    let bytes = read(File::open(path), path)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // What is wrong with it is not said in the library's words, which would say where.
    let text = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).map_err(|_| {
        anyhow!("{}: the first line is no UTF-8 text\nGive a file whose first line is the passphrase", path.display())
    })?;
    Ok(SecretString::from(text))
}

fn read(file: io::Result<File>, path: &Path) -> Result<Locked, Failure> {
    file.and_then(|file| Locked::read(file, MOST_BYTES)).map_err(|error| of_unread(path, &error))
}

/// Takes the wrapping algorithms that keyferry serves.
pub(crate) fn algorithms() -> impl TypedValueParser<Value = WrappingAlgorithm> {
    PossibleValuesParser::new(WrappingAlgorithm::supported().map(|algorithm| algorithm.as_str()))
        .try_map(|name| name.parse())
}

/// Takes the key specs that keyferry serves.
pub(crate) fn specs() -> impl TypedValueParser<Value = KeySpec> {
    PossibleValuesParser::new(KeySpec::supported().map(|spec| spec.as_str())).try_map(|name| name.parse())
}

/// A key file that no key takes.
pub(crate) fn of_no_spec(file: &KeyFile) -> anyhow::Error {
    anyhow!(
        "the key file is {}, which no key spec takes\n\
         Secret keys have 32 bytes, or 28, 48 or 64 for HMAC; private keys are RSA of 2048, 3072 or 4096 bits, and EC on P-256, P-384, P-521 or secp256k1",
        file.description()
    )
}

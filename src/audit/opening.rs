//! Taking a log up where it ended.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::bodies::Because;
use super::files;
use super::ledger::{Ledger, remove};
use super::line::Chain;
use super::log::Settings;
use super::tail::{self, Found, Tail};
use crate::model::InstallationId;

/// Why the audit log is not opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes it.
    #[error("another keyferryd writes the audit log {0}: each needs a file of its own")]
    InUse(PathBuf),
    /// It cannot be read or written.
    #[error("the audit log {path}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// Its end is none of its own.
    #[error(
        "{0} does not begin or end with lines of an audit log: run `keyferry audit verify` on it, move it away, and a new log begins"
    )]
    NoLog(PathBuf),
    /// It is another installation's.
    #[error(
        "the audit log {path} is of installation {found}, not {expected}: give each its own file, or move this one away"
    )]
    OtherInstallation {
        /// Which file.
        path: PathBuf,
        /// Whose it is.
        found: InstallationId,
        /// Whose it should be.
        expected: InstallationId,
    },
}

/// Opens the log, cuts off an unfinished last line, and writes that it was opened.
pub(super) fn open(settings: &Settings) -> Result<(Ledger, Vec<u8>), OpenError> {
    let path = &settings.file;
    let io = |source| OpenError::Io { path: path.clone(), source };
    let held = lock(path)?;
    remove(&files::beside(path, ".new")).map_err(io)?;
    let file = files::open(path).map_err(io)?;
    let (tail, because) = match tail::read(&file).map_err(io)? {
        Found::Tail(tail) => (Some(tail), Because::Start),
        Found::Nothing(unfinished) => (before(path, unfinished)?, Because::Rotation),
        Found::Foreign => return Err(OpenError::NoLog(path.clone())),
    };
    let because = if tail.is_some() { because } else { Because::New };
    let new = Tail {
        chain: Chain::START,
        log: Uuid::new_v4(),
        installation: settings.installation,
        first: Chain::START.next,
        length: 0,
        unfinished: file.metadata().map_err(io)?.len(),
    };
    let Tail { chain, log, installation, first, length, unfinished } = tail.unwrap_or(new);
    if installation != settings.installation {
        let (path, expected) = (path.clone(), settings.installation);
        return Err(OpenError::OtherInstallation { path, found: installation, expected });
    }
    if unfinished > 0 {
        file.set_len(length).map_err(io)?;
        tracing::warn!(bytes = unfinished, "an unfinished line was cut off the audit log");
    }
    let (path, tail) = (path.clone(), Vec::new());
    let mut ledger = Ledger { path, chain, log, installation, first, file, synced: length, tail, reserved: 0, _held: held };
    let (mut chain, mut line) = (ledger.chain, Vec::new());
    chain.append(&ledger.opened(because, unfinished), &mut line);
    let opened = ledger.reserve().and_then(|()| ledger.append(&line, chain, true));
    opened.and_then(|()| files::sync_folder(&ledger.path)).map_err(io)?;
    Ok((ledger, line))
}

/// Where the chain stood when the newest old file ended: rotation was cut off before the new one had a line.
fn before(path: &Path, unfinished: u64) -> Result<Option<Tail>, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let Some(newest) = files::olds(path).map_err(io)?.pop() else { return Ok(None) };
    match File::open(&newest).and_then(|file| tail::read(&file)) {
        Ok(Found::Tail(Tail { unfinished: 0, chain, log, installation, .. })) => {
            Ok(Some(Tail { chain, log, installation, first: chain.next, length: 0, unfinished }))
        }
        Ok(_) => Err(OpenError::NoLog(newest)),
        Err(source) => Err(OpenError::Io { path: newest, source }),
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let path = files::beside(path, ".lock");
    let unusable = |source| OpenError::Io { path: path.clone(), source };
    let file = files::open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.with_extension(""))),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

//! What is wrong with a configuration: the key, what was expected, and what to do.

use std::path::PathBuf;

use config::ConfigError;

/// A configuration that nothing can start with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One key is wrong.
    #[error("{key}: {problem}")]
    Key {
        /// For example `hsm.sessions`.
        key: String,
        /// What was expected, and what was found.
        problem: String,
    },
    /// A required key is not there.
    #[error("{0}: missing; every key is explained in deploy/keyferryd.toml")]
    Missing(String),
    /// No version, or the file is none of ours.
    #[error("version: missing; the file must say version = \"v1\"")]
    NoVersion,
    /// Not TOML, or a key that is not known.
    #[error("{0}")]
    Unparsable(String),
    /// The file is not there, or may not be read.
    #[error("cannot read {}: check the path and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A version that this program does not know.
    #[error("version: expected \"v1\", found {0:?}; this program reads no other")]
    Version(String),
}

impl Error {
    /// One wrong key.
    pub(super) fn key(key: &str, problem: impl Into<String>) -> Self {
        Self::Key { key: key.to_owned(), problem: problem.into() }
    }

    /// What the parser says, in our words.
    pub(super) fn of(error: ConfigError) -> Self {
        match error {
            ConfigError::NotFound(key) => Self::Missing(key),
            ConfigError::Type { unexpected, expected, key: Some(key), .. } => {
                Self::Key { key, problem: format!("expected {expected}, found {unexpected}") }
            }
            ConfigError::At { error, key: Some(key), .. } => Self::Key { key, problem: error.to_string() },
            ConfigError::FileParse { cause, .. } => Self::Unparsable(without_source_lines(&cause.to_string())),
            other => Self::Unparsable(other.to_string()),
        }
    }
}

/// A TOML error without the lines that it quotes: one of them may hold a password.
fn without_source_lines(message: &str) -> String {
    let quoted = |line: &str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    message.lines().map(str::trim_end).filter(|line| !line.is_empty() && !quoted(line)).collect::<Vec<_>>().join(": ")
}

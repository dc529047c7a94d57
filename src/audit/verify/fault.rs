//! What can be wrong with a log, and where.

use std::io;
use std::path::PathBuf;

/// The first thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file cannot be read.
    #[error("{}: {source}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What was given as the key is none.
    #[error("the key is no DER SubjectPublicKeyInfo of P-256")]
    Key,
    /// A line.
    #[error("{}, line {line}: {wrong}", file.display())]
    Line {
        /// In which file.
        file: PathBuf,
        /// Its number in that file, from 1.
        line: u64,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// No file was given.
    #[error("there is no file to read")]
    Nothing,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The next line names another hash, and was not altered itself.
    #[error("the line was altered, or lines after it were taken out: the next line names another hash")]
    Altered,
    /// The next line names another hash, and nothing tells which of the two was altered.
    #[error("the line was altered, or the next one: that names another hash")]
    AlteredOrLink,
    /// It says that it is of another log.
    #[error("the line is of another log, or of another installation's")]
    AnotherLog,
    /// A file does not begin as files do.
    #[error("no file begins with this line: lines before it were removed")]
    Beginning,
    /// It covers a line that is not before it, or too long before it.
    #[error("the checkpoint covers line {0}, which is none of the lines that it could cover")]
    Coverage(u64),
    /// Lines are missing, added or in another order.
    #[error("expected the line with the sequence number {expected}, found {found}: lines are missing, added or reordered")]
    Gap {
        /// What should be here.
        expected: u64,
        /// What is.
        found: u64,
    },
    /// It names a hash that the line before does not have, and was altered itself.
    #[error("the line was altered: it does not name the hash of the one before")]
    Link,
    /// It is none that the service writes.
    #[error("not a line of an audit log: it was altered, or broken off")]
    Malformed,
    /// A checkpoint covers other lines than these.
    #[error(
        "the checkpoint is for other lines than those before it: they were altered, or it was, up to the sequence number {0}"
    )]
    OtherLines(u64),
    /// Another key signed it.
    #[error("the checkpoint names the key with the SHA-256 {0}, which is not the given one")]
    OtherKey(String),
    /// The signature is not the given key's.
    #[error("the signature of the checkpoint is not valid: it, or what it vouches for, was altered")]
    Signature,
}

//! What is wrong with a folder of policies: where, what, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
}

impl Place {
    /// The line that this byte of the file's text is on.
    pub(super) fn new(file: &Path, text: &str, offset: usize) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        Self { file: file.to_owned(), line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// What does not hold to the schema, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub(super) Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// A folder that nothing can be decided by.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two policies that the audit log could not tell apart.
    #[error("{place}: the id {id:?} is taken by the policy at {first}; give this one an @id of its own")]
    DuplicateId {
        /// The second.
        place: Place,
        /// What both are called.
        id: String,
        /// The first.
        first: Place,
    },
    /// A policy that the audit log could not name.
    #[error("{0}: the policy has no id; write @id(\"a-name-of-its-own\") before it, printable ASCII without spaces")]
    NoId(Place),
    /// Nothing is permitted where nothing is said, and that is hardly meant.
    #[error("{}: no policies; the folder must hold one or more *.cedar files", .0.display())]
    NoPolicies(PathBuf),
    /// The principals are not as they must be.
    #[error("{}: {problem}", path.display())]
    Principals {
        /// The file.
        path: PathBuf,
        /// What was expected, and what was found.
        problem: String,
    },
    /// The schema that is built in cannot be read; no folder can mend it.
    #[error("the schema that is built in: {0}")]
    Schema(String),
    /// No Cedar.
    #[error("{place}: {problem}")]
    Syntax {
        /// Where it stops to be.
        place: Place,
        /// In the parser's words.
        problem: String,
    },
    /// A policy with a place to be filled in, which nothing fills.
    #[error(
        "{0}: a template (?principal, ?resource) decides nothing; write a policy that names whom it is for, or a condition"
    )]
    Template(Place),
    /// The folder or a file is not there, or may not be read.
    #[error("cannot read {}: {source}; check the path and its permissions", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Policies that speak of what the schema does not have, or in another way.
    #[error("{0}")]
    Unsound(Faults),
}

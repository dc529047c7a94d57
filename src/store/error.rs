//! Why the record could not be read or changed.

use std::path::PathBuf;

/// A failure of the database, or a change that came too late.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another change came between reading and writing: read again.
    #[error("changed meanwhile")]
    Conflict,
    /// A row holds what no version of this program wrote.
    #[error("unreadable record: {0}")]
    Corrupt(String),
    /// The database failed.
    #[error("database")]
    Database(#[source] sqlx::Error),
    /// The SQLite file cannot be opened.
    #[error("database file {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another process serves over the same SQLite file.
    #[error("the database is in use by another keyferryd: stop that one, or use PostgreSQL for several (lock file {})", .0.display())]
    InUse(PathBuf),
    /// The database answers, and takes no changes.
    #[error("the database takes no changes: is it a standby, or set to read only?")]
    ReadOnly,
    /// A newer program has brought the schema to where this one may not serve any more.
    #[error(
        "the database has schema {schema}, which a keyferryd of schema {ours} may not serve: start the newer keyferryd that migrated it"
    )]
    Newer {
        /// The database's.
        schema: i64,
        /// This program's.
        ours: i64,
    },
    /// The schema could not be brought up to date.
    #[error("schema")]
    Schema(#[source] sqlx::migrate::MigrateError),
    /// The URL names no kind of database that is served. Only its scheme is repeated: the rest may hold a password.
    #[error("store URL must be sqlite:<path> or postgres://<host>/<database>, not {0}:…")]
    UnknownUrl(String),
    /// The database could not be reached, or did not get to it in time. May be tried again; what was asked may have happened.
    #[error("database unreachable")]
    Unreachable(#[source] sqlx::Error),
}

impl Error {
    /// Whether the very same transaction may succeed when it is run again: PostgreSQL chose it as the loser of a race.
    pub(super) fn lost_a_race(&self) -> bool {
        let (Self::Unreachable(error) | Self::Database(error)) = self else { return false };
        matches!(sqlstate(error).as_deref(), Some("40001" | "40P01"))
    }
}

fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(|code| code.into_owned())
}

/// SQLite's primary result codes for a lock that another process holds, in the extended codes that sqlx reports.
fn is_locked(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6) && code < 0x1_0000)
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::ColumnDecode { index, .. } => Self::Corrupt(format!("column {index}")),
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => {
                Self::Unreachable(error)
            }
            E::Database(raised) => match raised.code().as_deref() {
                // PostgreSQL, Appendix A: lost races, no more disk, memory or connections, cancelled by a timeout, shutting down,
                // starting up.
                Some(
                    "40001" | "40P01" | "53000" | "53100" | "53200" | "53300" | "55P03" | "57014" | "57P01" | "57P02"
                    | "57P03",
                ) => Self::Unreachable(error),
                // PostgreSQL's read_only_sql_transaction: a standby, or what has become one.
                Some("25006") => Self::ReadOnly,
                Some(code) if code.len() == 5 && code.starts_with("08") => Self::Unreachable(error),
                Some(code) if code.len() < 5 && is_locked(code) => Self::Unreachable(error),
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => match Self::from(error) {
                Self::Database(error) => Self::Schema(sqlx::migrate::MigrateError::Execute(error)),
                other => other,
            },
            other => Self::Schema(other),
        }
    }
}

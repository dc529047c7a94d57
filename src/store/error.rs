//! Why the record could not be read or changed.

/// A failure of the database, or a change that came too late.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another change came between reading and writing: read again.
    #[error("changed meanwhile")]
    Conflict,
    /// A row holds what no version of this program wrote.
    #[error("unreadable record: {0}")]
    Corrupt(String),
    /// The database failed, or could not be reached.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("schema")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// The URL names no kind of database that is served.
    #[error("store URL must begin with sqlite: or postgres:, not {0:?}")]
    UnknownUrl(String),
}

//! The record: what is known of keys, wrapping keys and claims, durably.
//!
//! SQLite or PostgreSQL, by URL. One SQL text serves both: `connection` and `transaction` are the only files that know
//! there are two. Every change is one transaction, and every transaction looks before it changes: what comes too late gets
//! a [`Error::Conflict`] or a named outcome and leaves nothing behind.

mod access_keys;
mod aliases;
mod census;
mod claims;
mod connection;
mod doomed;
mod error;
mod headroom;
mod installation;
mod issues;
mod keys;
mod levels;
mod materials;
mod migrations;
mod objects;
mod pending;
mod ping;
mod rows;
mod settlement;
mod skew;
mod transaction;
mod value;
mod wrapping_keys;
mod wrapping_rows;

pub use aliases::Pointed;
pub use census::{Census, HORIZONS};
pub use claims::{Claimed, Leftover};
pub use error::Error;
pub use issues::Taken;
pub use levels::{Level, LoadSample};
pub use pending::Held;
pub use settlement::Settled;

use std::sync::Arc;

use tokio::sync::Notify;

use connection::Database;
use headroom::Headroom;

/// The record. Clones share their connections.
#[derive(Clone)]
pub struct Store {
    database: Database,
    headroom: Headroom,
    /// By what the record tells this process from others. Over SQLite there are no others, and whoever was before is as good as this one.
    process: Arc<str>,
    /// Notified when the database could not be reached.
    stumbles: Arc<Notify>,
}

impl Store {
    /// Opens the database that `url` names, and brings its schema up to date.
    ///
    /// `sqlite:<path>` and `sqlite://<path>` name a file, which is made where it is missing, for its owner's eyes only;
    /// `postgres://…` and `postgresql://…` a PostgreSQL database, in libpq's form.
    ///
    /// # Errors
    /// Where the database is of no known kind, cannot be reached or opened, or holds the schema of a newer program.
    pub async fn open(url: &str) -> Result<Self, Error> {
        Ok(Self::over(Database::open(url).await?))
    }

    /// Opens the database that `url` names to read from it, and changes nothing: it must be there, with a schema that this
    /// program reads.
    ///
    /// # Errors
    /// Where the database is of no known kind, or is not there.
    pub async fn open_to_read(url: &str) -> Result<Self, Error> {
        Ok(Self::over(Database::open_to_read(url).await?))
    }

    fn over(database: Database) -> Self {
        let process = match database {
            Database::Sqlite { .. } => String::new(),
            Database::Postgres(_) => uuid::Uuid::new_v4().to_string(),
        };
        Self { database, headroom: Headroom::default(), process: process.into(), stumbles: Arc::default() }
    }

    /// Keeps other processes from serving over the same SQLite file, until this one ends.
    ///
    /// # Errors
    /// [`Error::InUse`] where another does.
    pub fn hold(&self) -> Result<(), Error> {
        self.database.hold()
    }

    /// `sqlite` or `postgresql`.
    pub fn kind(&self) -> &'static str {
        self.database.kind()
    }

    /// Closes every connection, when what uses them is done. Calls after this fail.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.kind())
    }
}

//! Which database, and how it is talked to.
//!
//! SQLite has one writer, whatever one does: one connection, for which those who write queue in order, where several would fight
//! over the file's lock until the busy timeout. Reads go by a pool, which cannot write. A commit is on the disk when it returns
//! (WAL, synchronous=FULL). Connections to a file do not go away, so none is asked whether it is still there before it is used.
//! A database that is gone must give an error, not a hang: getting a connection, a statement and a transaction each have a limit.

use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::Instrument;

use super::{Error, migrations};

/// The longest wait for a connection, or for another process's lock on the SQLite file.
const ACQUIRE: Duration = Duration::from_secs(5);
/// The longest a statement runs in PostgreSQL, in milliseconds.
const STATEMENT_MS: u32 = 5_000;
/// The longest wait for the schema, which another replica may be changing.
const MIGRATE: Duration = Duration::from_secs(60);
/// Connections that read SQLite.
const READERS: u32 = 4;
/// Connections to PostgreSQL. More only lose more races.
const CONNECTIONS: u32 = 10;

/// How old a connection to PostgreSQL becomes.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The connection that writes SQLite; `None` once it is closed.
pub(super) type Writer = Arc<Mutex<Option<SqliteConnection>>>;

/// An open database.
#[derive(Clone)]
pub(super) enum Database {
    Sqlite { writer: Writer, reader: SqlitePool, path: PathBuf, held: Arc<OnceLock<File>> },
    Postgres(PgPool),
}

/// What all pools have in common. sqlx 0.9.0 looks after idle and old connections in a task that may come to turn for ever without a
/// pause (its issue 3645), which takes a thread of the runtime from the service and keeps it from ending: without such limits it has none.
fn pool<D: sqlx::Database>() -> PoolOptions<D> {
    PoolOptions::new().acquire_timeout(ACQUIRE).idle_timeout(None).max_lifetime(None)
}

impl Database {
    pub(super) async fn open(url: &str) -> Result<Self, Error> {
        match scheme(url) {
            "sqlite" => Self::open_sqlite(url).await,
            "postgres" | "postgresql" => Self::open_postgres(url).await,
            other => Err(Error::UnknownUrl(other.to_owned())),
        }
    }

    pub(super) async fn open_to_read(url: &str) -> Result<Self, Error> {
        match scheme(url) {
            "sqlite" => {
                let options = SqliteConnectOptions::from_str(url)?.read_only(true).busy_timeout(ACQUIRE);
                let options_path = options.get_filename().to_owned();
                let reader = pool().max_connections(1).connect_with(options);
                Ok(Self::Sqlite { path: options_path, reader: reader.await?, writer: Arc::default(), held: Arc::default() })
            }
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(url)?.application_name("keyferry").options(limits());
                let pool = pool().max_connections(1).connect_with(options);
                Ok(Self::Postgres(within(ACQUIRE, async { Ok(pool.await?) }).await?))
            }
            other => Err(Error::UnknownUrl(other.to_owned())),
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self, Error> {
        let options = SqliteConnectOptions::from_str(url)?.foreign_keys(true).busy_timeout(ACQUIRE);
        let path = options.get_filename();
        // A record that ends with the process, or that its readers do not see, is none.
        if path.as_os_str().is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
            return Err(Error::UnknownUrl("in-memory sqlite".to_owned()));
        }
        make_private(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        let writing = options.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let mut writer = within(ACQUIRE, async { Ok(writing.connect().await?) }).await?;
        migrations::sqlite(&mut writer).await?;
        let writer = Arc::new(Mutex::new(Some(writer)));
        let path = path.to_owned();
        let pool = pool().max_connections(READERS).test_before_acquire(false);
        Ok(Self::Sqlite { writer, reader: pool.connect_lazy_with(options.read_only(true)), path, held: Arc::default() })
    }

    async fn open_postgres(url: &str) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)?.application_name("keyferry");
        // Not through the pool: that would wait for a database which refuses, and then not say why.
        let mut first: PgConnection = within(ACQUIRE, async { Ok(options.connect().await?) }).await?;
        within(MIGRATE, migrations::postgres(&mut first)).await?;
        first.close().await?;
        let pool = pool().max_connections(CONNECTIONS);
        // What a server keeps for a connection grows, and one that a proxy leads to the wrong server is not to stay there.
        let pool = pool.after_release(|_, connection| Box::pin(std::future::ready(Ok(connection.age < LIFETIME))));
        Ok(Self::Postgres(pool.connect_lazy_with(options.options(limits()))))
    }

    /// Keeps other processes from serving over the same SQLite file, until this one ends. PostgreSQL serves any number.
    pub(super) fn hold(&self) -> Result<(), Error> {
        let Self::Sqlite { path, held, .. } = self else { return Ok(()) };
        // Not the file itself: SQLite has locks of its own on that, which go when any handle to it is closed. Beside the file
        // that it really is: by whatever name, there is one lock.
        let canonical = path.canonicalize().map_err(|source| Error::File { path: path.clone(), source });
        let mut path = canonical?.into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let unusable = |source| Error::File { path: path.clone(), source };
        make_private(&path).map_err(unusable)?;
        let file = File::open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {
                let _held_already = held.set(file);
                Ok(())
            }
            Err(TryLockError::WouldBlock) if held.get().is_some() => Ok(()),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(path)),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Whether this process alone writes.
    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Sqlite { held, .. } if held.get().is_some())
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgresql",
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader, .. } => {
                // The writer last: the last connection to leave brings the log home into the file.
                reader.close().await;
                if let Some(writer) = writer.lock().await.take()
                    && let Err(error) = writer.close().await
                {
                    tracing::warn!(%error, "the database could not be closed");
                }
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

fn scheme(url: &str) -> &str {
    url.split_once(':').map_or("", |(scheme, _)| scheme)
}

/// What PostgreSQL is to give up by itself.
fn limits() -> [(&'static str, u32); 3] {
    ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"].map(|name| (name, STATEMENT_MS))
}

/// The connection that writes, when those who came before are done with it.
pub(super) async fn writing(writer: &Writer) -> Result<OwnedMutexGuard<Option<SqliteConnection>>, Error> {
    within(ACQUIRE, async { Ok(Arc::clone(writer).lock_owned().await) }).await
}

/// Makes the file where it is missing, readable for its owner alone; SQLite gives its log the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

/// Gives up waiting for `work` after `limit`.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(limit, work)
        .instrument(tracing::debug_span!("record"))
        .await
        .unwrap_or_else(|_| Err(Error::Unreachable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_task_of_sqlx_looks_after_a_pool() {
        let options: PoolOptions<sqlx::Postgres> = pool();
        assert_eq!((options.get_idle_timeout(), options.get_max_lifetime()), (None, None), "it makes one for either");
    }
}

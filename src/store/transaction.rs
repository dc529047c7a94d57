//! Statements and transactions on either database.
//!
//! Transactions are SERIALIZABLE: on SQLite because there is one writer, which takes the lock as it begins; on PostgreSQL by
//! its own means, where the loser of a race is told so and the transaction runs again from its beginning. So a body may be
//! run more than once and must do nothing but talk to its transaction.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Postgres;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::OwnedMutexGuard;

use super::connection::{Database, Writer, within, writing};
use super::rows::Row;
use super::value::Value;
use super::{Error, Store};

/// The longest that one run of a transaction, or one reading statement, may take: more than the waits inside it.
pub(super) const LIMIT: Duration = Duration::from_secs(15);
/// How often a transaction runs. All that fight over one row lose a race to each that wins it.
pub(super) const RUNS: u32 = 32;
/// The longest pause before the next run, in milliseconds.
const PAUSE_MS: u32 = 100;

/// A transaction under way; rolled back where it is dropped.
pub(super) struct Transaction {
    open: Open,
    /// Who runs it, as [`Store::process`].
    pub(super) process: Arc<str>,
}

enum Open {
    Postgres(sqlx::Transaction<'static, Postgres>),
    Sqlite(Writing),
}

/// A transaction on the connection that writes SQLite, which nobody else has meanwhile.
pub(super) struct Writing(Option<OwnedMutexGuard<Option<SqliteConnection>>>);

impl Writing {
    async fn begin(writer: &Writer) -> Result<Self, Error> {
        let mut begun = Self(Some(writing(writer).await?));
        // From here on a drop rolls back, which does no harm where nothing has begun.
        sqlx::query("BEGIN IMMEDIATE").execute(begun.connection()?).await?;
        Ok(begun)
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        self.0.as_mut().and_then(|guard| guard.as_mut()).ok_or_else(closed)
    }

    async fn commit(mut self) -> Result<(), Error> {
        sqlx::query("COMMIT").execute(self.connection()?).await?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let (Some(mut guard), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) else { return };
        // Whoever comes next waits until it is done.
        runtime.spawn(async move {
            if let Some(connection) = guard.as_mut() {
                // There may be nothing to roll back: some failures do that by themselves.
                let _rolled_back = sqlx::query("ROLLBACK").execute(connection).await;
            }
        });
    }
}

pub(super) fn closed() -> Error {
    Error::Unreachable(sqlx::Error::PoolClosed)
}

macro_rules! query {
    ($sql:expr, $args:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $args {
            query = match value {
                Value::Bytes(value) => query.bind(value),
                Value::Integer(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
            };
        }
        query
    }};
}

/// Runs a body in a transaction of its own, and again while it loses races. An error, or `?`, rolls it back.
///
/// A macro rather than a function over an async closure: of such a closure's future the compiler cannot tell that it is
/// `Send` whatever the lifetimes, and then nothing that calls the store could be spawned.
macro_rules! transact {
    ($store:expr, |$transaction:ident| $body:block) => {{
        use $crate::store::connection::within;
        use $crate::store::transaction::{LIMIT, RUNS, pause};
        let mut run = 1;
        loop {
            let once = async {
                let mut open = $store.begin().await?;
                let outcome: Result<_, $crate::store::Error> = async {
                    let $transaction = &mut open;
                    $body
                }
                .await;
                let outcome = outcome?;
                open.commit().await?;
                Ok(outcome)
            };
            match within(LIMIT, once).await {
                Err(error) if error.lost_a_race() && run < RUNS => tokio::time::sleep(pause(run)).await,
                done => break $store.noted(done),
            }
            run += 1;
        }
    }};
}
pub(super) use transact;

impl Transaction {
    /// Runs a statement and returns its rows.
    pub(super) async fn rows(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, Error> {
        Ok(match &mut self.open {
            Open::Postgres(on) => query!(sql, args).fetch_all(&mut **on).await?.into_iter().map(Row::Postgres).collect(),
            Open::Sqlite(on) => query!(sql, args).fetch_all(on.connection()?).await?.into_iter().map(Row::Sqlite).collect(),
        })
    }

    /// Runs a statement and returns its only row, if it has one.
    pub(super) async fn row(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, args).await?.pop())
    }

    /// Runs a statement and returns how many rows it changed.
    pub(super) async fn execute(&mut self, sql: &'static str, args: Vec<Value>) -> Result<u64, Error> {
        Ok(match &mut self.open {
            Open::Postgres(on) => query!(sql, args).execute(&mut **on).await?.rows_affected(),
            Open::Sqlite(on) => query!(sql, args).execute(on.connection()?).await?.rows_affected(),
        })
    }

    /// Runs a statement that must change one row.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it changes none.
    pub(super) async fn change(&mut self, sql: &'static str, args: Vec<Value>) -> Result<(), Error> {
        if self.execute(sql, args).await? == 0 { Err(Error::Conflict) } else { Ok(()) }
    }

    pub(super) async fn commit(self) -> Result<(), Error> {
        match self.open {
            Open::Postgres(on) => on.commit().await?,
            Open::Sqlite(on) => on.commit().await?,
        }
        Ok(())
    }
}

impl Store {
    /// Runs a statement that only reads. It sees one moment; two statements may see two.
    pub(super) async fn rows(&self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, Error> {
        let read = within(LIMIT, async {
            Ok(match &self.database {
                Database::Postgres(on) => query!(sql, args).fetch_all(on).await?.into_iter().map(Row::Postgres).collect(),
                Database::Sqlite { reader, .. } => {
                    query!(sql, args).fetch_all(reader).await?.into_iter().map(Row::Sqlite).collect()
                }
            })
        });
        self.noted(read.await)
    }

    /// Runs a single statement that changes rows, as a transaction of its own: durable when it returns. On PostgreSQL it must decide
    /// by rows that it has locked (READ COMMITTED): under SERIALIZABLE all who take at once would be losers but one.
    pub(super) async fn alone(&self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, Error> {
        let mut run = 1;
        loop {
            let args = args.clone();
            let once = async {
                Ok(match &self.database {
                    Database::Postgres(on) => {
                        query!(sql, args).fetch_all(on).await?.into_iter().map(Row::Postgres).collect()
                    }
                    Database::Sqlite { writer, .. } => {
                        let mut guard = writing(writer).await?;
                        let connection = guard.as_mut().ok_or_else(closed)?;
                        query!(sql, args).fetch_all(connection).await?.into_iter().map(Row::Sqlite).collect()
                    }
                })
            };
            match within(LIMIT, once).await {
                // Some that speak PostgreSQL's protocol know no other level than SERIALIZABLE.
                Err(error) if error.lost_a_race() && run < RUNS => tokio::time::sleep(pause(run)).await,
                done => break self.noted(done),
            }
            run += 1;
        }
    }

    pub(super) async fn begin(&self) -> Result<Transaction, Error> {
        let open = match &self.database {
            Database::Postgres(pool) => Open::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await?),
            Database::Sqlite { writer, .. } => Open::Sqlite(Writing::begin(writer).await?),
        };
        Ok(Transaction { open, process: Arc::clone(&self.process) })
    }
}

/// A random pause, longer on average after each run, so that those who met do not meet again.
pub(super) fn pause(run: u32) -> Duration {
    let most = 2_u32.saturating_pow(run).min(PAUSE_MS);
    // Without randomness the scheduler's own has to do.
    Duration::from_millis(u64::from(getrandom::u32().unwrap_or(most) % most + 1))
}

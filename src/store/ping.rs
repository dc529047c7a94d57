//! Whether the database answers, asked for its own sake.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection, Executor, Row};

use super::connection::{Database, within};
use super::{Error, Store};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(1);

/// Whether PostgreSQL takes changes here: a standby does not. What else speaks its protocol knows the setting, too.
const READ_ONLY: &str = "SHOW transaction_read_only";

impl Store {
    /// Sees whether the database answers, and takes changes as far as it says so itself. It takes two seconds at most.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.database {
            Database::Sqlite { reader, .. } => {
                let asked = async { Ok(reader.execute("SELECT only_row FROM installation").await.map(drop)?) };
                within(LIMIT, asked).await
            }
            Database::Postgres(pool) => {
                let asked = async { writable(pool.fetch_one(READ_ONLY).await?.try_get(0)?) };
                match within(LIMIT, asked).await {
                    // The pool waits for a database that refuses, and for those who use its connections, and says neither.
                    Err(Error::Unreachable(_)) => {
                        let fresh = async {
                            let mut connection: PgConnection = pool.connect_options().connect().await?;
                            let answer = connection.fetch_one(READ_ONLY).await?.try_get(0)?;
                            // It has answered; how it takes the end is not asked.
                            let _closed = connection.close().await;
                            writable(answer)
                        };
                        within(LIMIT, fresh).await
                    }
                    answered => answered,
                }
            }
        }
    }

    /// Returns when the database could not be reached for a call, which may have been before. For one who waits.
    pub async fn stumbled(&self) {
        self.stumbles.notified().await;
    }

    /// Tells who waits in [`Store::stumbled`] of a database that could not be reached.
    pub(super) fn noted<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        if let Err(error @ (Error::ReadOnly | Error::Unreachable(_))) = &done
            && !error.lost_a_race()
        {
            self.stumbles.notify_one();
        }
        done
    }
}

fn writable(read_only: String) -> Result<(), Error> {
    if read_only == "on" { Err(Error::ReadOnly) } else { Ok(()) }
}

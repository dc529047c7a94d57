//! The record, on SQLite and on PostgreSQL: each test runs on both.

mod access_keys;
mod aliases;
mod census;
mod claims;
mod keys;
mod levels;
mod objects;
mod opening;
mod pending;
mod races;
pub mod samples;
mod settlement;
mod tokens;
mod wrapping_keys;

use keyferry::store::Store;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::harness::postgres;

/// An open record, and the way around it.
pub struct Bench {
    pub store: Store,
    pub url: String,
    _folder: Option<TempDir>,
}

impl Bench {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("record.db").display());
        Self { store: Store::open(&url).await.unwrap(), url, _folder: Some(folder) }
    }

    async fn postgresql() -> Self {
        let url = postgres::database().await;
        Self { store: Store::open(&url).await.unwrap(), url, _folder: None }
    }

    /// Does what no version of this program would.
    pub async fn tamper(&self, sql: &str) {
        let sql = AssertSqlSafe(sql);
        let rows = if self.store.kind() == "sqlite" {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
        };
        assert!(rows > 0, "nothing to tamper with");
    }
}

/// Makes two tests of each body, one on each database.
macro_rules! on_both {
    ($(async fn $name:ident($bench:ident: Bench) $body:block)+) => {
        $(mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($bench: $crate::store::Bench) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                body($crate::store::Bench::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql() {
                body($crate::store::Bench::postgresql().await).await;
            }
        })+
    };
}
use on_both;

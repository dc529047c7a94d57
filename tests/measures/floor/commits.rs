//! What PostgreSQL commits by itself: one row a transaction, on the disk when it is answered.

use sqlx::postgres::PgPool;

use super::super::load::at_once;
use super::super::samples::Samples;
use crate::harness::record::pool;

/// About as long as a row of the record.
const ROW: [u8; 512] = [7; 512];

/// A table of the floor's own, beside the record.
#[derive(Clone)]
pub struct Commits(PgPool);

impl Commits {
    /// For so many callers, each with a connection, in the database of this URL.
    pub async fn prepare(url: &str, callers: u32) -> Self {
        let pool = pool().min_connections(callers).max_connections(callers).connect(url).await.unwrap();
        sqlx::query("CREATE TABLE floor (bytes BYTEA NOT NULL)").execute(&pool).await.unwrap();
        Self(pool)
    }

    /// So many commits, so many at once.
    pub async fn make(&self, commits: usize, callers: usize) -> Samples {
        let pool = self.0.clone();
        let commit = move |_| {
            let pool = pool.clone();
            async move {
                sqlx::query("INSERT INTO floor (bytes) VALUES ($1)").bind(&ROW[..]).execute(&pool).await.unwrap();
                Ok(())
            }
        };
        at_once(commits, callers, commit).await.samples
    }
}

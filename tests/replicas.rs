//! Several services over one PostgreSQL and one token: their clocks, what one hands to another, and databases that fail them.

mod clocks;
mod handover;
mod lost;
mod outage;
mod shares;
mod unseen;
mod upgrade;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Has PostgreSQL do this.
async fn execute(store_url: &str, sql: &str) {
    let mut connection = PgConnection::connect(store_url).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

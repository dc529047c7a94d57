//! The schema, brought up to date when the store is opened.
//!
//! One text serves both databases. It is PostgreSQL's; for SQLite the type names are replaced, and the tables made STRICT,
//! so that neither takes text where bytes belong. `COLLATE "C"` gives PostgreSQL the order of bytes that SQLite has anyway.
//! A migration that was released is never edited: its checksum is in the database.

use sqlx::AssertSqlSafe;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

const RECORD: &str = include_str!("migrations/0001_record.sql");
const POOL: &str = include_str!("migrations/0002_pool.sql");
const POLICY: &str = include_str!("migrations/0003_policy.sql");
const LIFE: &str = include_str!("migrations/0004_life.sql");
const ACCESS_KEYS: &str = include_str!("migrations/0005_access_keys.sql");

/// The migrations in PostgreSQL's words.
pub(super) fn postgres() -> Migrator {
    migrator(str::to_owned)
}

/// The migrations in SQLite's words.
pub(super) fn sqlite() -> Migrator {
    migrator(|sql| {
        [(" BIGINT", " INTEGER"), (" BYTEA", " BLOB"), (" COLLATE \"C\"", ""), ("\n);", "\n) STRICT;")]
            .into_iter()
            .fold(sql.to_owned(), |sql, (theirs, ours)| sql.replace(theirs, ours))
    })
}

fn migrator(dialect: impl Fn(&str) -> String) -> Migrator {
    let migrations = [
        (1, "record", RECORD),
        (2, "pool", POOL),
        (3, "policy", POLICY),
        (4, "life", LIFE),
        (5, "access-keys", ACCESS_KEYS),
    ];
    let migrations = migrations.into_iter().map(|(version, name, sql)| {
        let sql = AssertSqlSafe(dialect(sql)).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

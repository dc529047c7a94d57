//! The schema, brought up to date when the store is opened.
//!
//! One text serves both databases. It is PostgreSQL's; for SQLite the type names are replaced, and the tables made STRICT,
//! so that neither takes text where bytes belong. `COLLATE "C"` gives PostgreSQL the order of bytes that SQLite has anyway.
//! A migration that was released is never edited: its checksum is in the database.
//!
//! Replicas are upgraded one after the other, so programs of two versions serve over one record. Hence the rules of a migration:
//!
//! - It adds. A new column may be null or has a default that is right for a row which a program writes that does not know of it; no
//!   column changes its meaning, its type or its name.
//! - It says in `schema_versions` what it leaves, and the oldest program that may go on. Where a migration cannot keep to the first rule
//!   it names itself, and all older programs must have been stopped.
//! - Programs name the columns that they write, and never write a row anew: what they do not know of stays. So it is since schema 6;
//!   the materials of a key were written anew before, and a program of schema 3 loses what 4 added, when each took its turn.
//!
//! A program opens a record that is newer than itself where `oldest` lets it, and otherwise not. One of schema 5 opens none, but goes on
//! where it serves already.

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, PgConnection, Row, SqlSafeStr, SqliteConnection};

use super::Error;

const RECORD: &str = include_str!("migrations/0001_record.sql");
const POOL: &str = include_str!("migrations/0002_pool.sql");
const POLICY: &str = include_str!("migrations/0003_policy.sql");
const LIFE: &str = include_str!("migrations/0004_life.sql");
const ACCESS_KEYS: &str = include_str!("migrations/0005_access_keys.sql");
const VERSIONS: &str = include_str!("migrations/0006_versions.sql");
const TOKENS: &str = include_str!("migrations/0007_tokens.sql");
const DOOMED_BY: &str = include_str!("migrations/0008_doomed_by.sql");
const RELATIONS: &str = include_str!("migrations/0009_relations.sql");

/// The schema of this program.
pub(super) const SCHEMA: i64 = 9;

/// Which programs may serve over a record that is newer than this program.
pub(super) const OLDEST: &str = "SELECT oldest FROM schema_versions";

/// Where sqlx keeps what was applied.
const APPLIED: &str = "_sqlx_migrations";

/// Makes the body of a function that does it, on either database.
macro_rules! migrate {
    ($on:expr, $migrator:expr) => {{
        // One replica at a time; whoever gives up closes the connection, and the lock goes with it.
        $on.lock().await?;
        $on.ensure_migrations_table(APPLIED).await?;
        let applied = $on.list_applied_migrations(APPLIED).await?;
        let newest = applied.iter().map(|migration| migration.version).max().unwrap_or_default();
        if newest > SCHEMA {
            let knows = applied.iter().any(|migration| migration.version == SCHEMA);
            let row = if knows { sqlx::query(OLDEST).fetch_optional(&mut *$on).await? } else { None };
            let oldest = row.map(|row| row.try_get::<i64, _>(0)).transpose()?;
            require_served(newest, oldest)?;
            tracing::warn!(
                schema = newest,
                ours = SCHEMA,
                "the database was migrated by a newer keyferryd: upgrade this one too"
            );
        }
        let mut migrator = $migrator;
        // What newer programs applied, they know.
        migrator.set_ignore_missing(true).run(&mut *$on).await?;
        $on.unlock().await?;
        Ok(())
    }};
}

/// Brings a PostgreSQL database up to date.
pub(super) async fn postgres(on: &mut PgConnection) -> Result<(), Error> {
    migrate!(on, migrator(str::to_owned))
}

/// Brings a SQLite file up to date.
pub(super) async fn sqlite(on: &mut SqliteConnection) -> Result<(), Error> {
    migrate!(on, migrator(in_sqlite))
}

/// Whether a program of this schema may serve over a record of schema `newest`.
pub(super) fn require_served(newest: i64, oldest: Option<i64>) -> Result<(), Error> {
    match oldest {
        Some(oldest) if oldest <= SCHEMA => Ok(()),
        _ => Err(Error::Newer { schema: newest, ours: SCHEMA }),
    }
}

/// A migration in SQLite's words.
fn in_sqlite(sql: &str) -> String {
    [(" BIGINT", " INTEGER"), (" BYTEA", " BLOB"), (" COLLATE \"C\"", ""), ("\n);", "\n) STRICT;")]
        .into_iter()
        .fold(sql.to_owned(), |sql, (theirs, ours)| sql.replace(theirs, ours))
}

fn migrator(dialect: impl Fn(&str) -> String) -> Migrator {
    let migrations = [
        (1, "record", RECORD),
        (2, "pool", POOL),
        (3, "policy", POLICY),
        (4, "life", LIFE),
        (5, "access-keys", ACCESS_KEYS),
        (6, "versions", VERSIONS),
        (7, "tokens", TOKENS),
        (8, "doomed-by", DOOMED_BY),
        (SCHEMA, "relations", RELATIONS),
    ];
    let migrations = migrations.into_iter().map(|(version, name, sql)| {
        let sql = AssertSqlSafe(dialect(sql)).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

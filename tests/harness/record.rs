//! The daemon's own record, read behind its back. The only place of the tests that knows its columns.

use std::collections::BTreeMap;
use std::str::FromStr;

use sqlx::pool::PoolOptions;
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{Executor, Row};

use super::Installation;
use super::openssl::hex;

/// The key's id by the CKA_ID of each present material, imported or made in the token.
const MATERIALS: &str = "SELECT object, key_id FROM materials WHERE presence = 'imported'";
/// The state by the CKA_ID of the private half of each wrapping key that the token must hold.
const WRAPPING_KEYS: &str = "SELECT object, state FROM wrapping_keys WHERE state IN ('making', 'ready', 'issued')";
/// What by CKA_ID is unsettled: under way, or to be destroyed.
const UNSETTLED: &str = "SELECT object, 'claimed' FROM claims UNION ALL SELECT object, 'doomed' FROM doomed";

/// What the database knows of the token's objects.
pub struct Record {
    /// CKA_ID → key id.
    pub materials: BTreeMap<String, String>,
    /// CKA_ID → state.
    pub wrapping_keys: BTreeMap<String, String>,
    /// CKA_ID → claimed or doomed. Empty where the service was stopped in peace.
    pub unsettled: BTreeMap<String, String>,
}

impl Record {
    /// Reads it. The daemon may be up or down.
    pub async fn read(installation: &Installation) -> Self {
        let database = Database::open(installation).await;
        let record = Self {
            materials: database.pairs(MATERIALS).await,
            wrapping_keys: database.pairs(WRAPPING_KEYS).await,
            unsettled: database.pairs(UNSETTLED).await,
        };
        database.close().await;
        record
    }

    /// The CKA_ID of the one material of a key.
    pub fn object_of(&self, key_id: &str) -> &str {
        let mut objects = self.materials.iter().filter(|(_, key)| *key == key_id).map(|(object, _)| object);
        let object = objects.next().unwrap_or_else(|| panic!("no material of {key_id} is recorded"));
        assert_eq!(objects.next(), None, "several materials of {key_id}");
        object
    }

    /// Whether anything on record has this CKA_ID.
    pub fn names(&self, object: &str) -> bool {
        [&self.materials, &self.wrapping_keys, &self.unsettled].iter().any(|named| named.contains_key(object))
    }

    /// Makes every claim, every pair that is being made and what is to be destroyed twelve minutes older. The daemons must be down.
    pub async fn age_all_that_is_under_way(installation: &Installation) {
        let database = Database::open(installation).await;
        database.execute("UPDATE claims SET claimed_at = claimed_at - 720000").await;
        database.execute("UPDATE wrapping_keys SET created_at = created_at - 720000 WHERE state = 'making'").await;
        database.execute("UPDATE doomed SET doomed_at = doomed_at - 720000").await;
        database.close().await;
    }

    /// Makes what is to be destroyed twelve minutes older: where it is not found, no other replica can be making it any more. The
    /// daemon may be up.
    pub async fn age_the_doomed(installation: &Installation) {
        let database = Database::open(installation).await;
        database.execute("UPDATE doomed SET doomed_at = doomed_at - 720000").await;
        database.close().await;
    }

    /// Makes every scheduled deletion due, where there is one. The daemons may be up.
    pub async fn hasten_deletions(store_url: &str) {
        let database = Database::connect(store_url).await;
        let sql = "UPDATE keys SET deletion_at = created_at WHERE deletion_at > created_at";
        database.execute(sql).await;
        database.close().await;
    }

    /// Makes every claim twelve minutes older. The daemon must be down.
    pub async fn age_claims(installation: &Installation) {
        Self::change(installation, "UPDATE claims SET claimed_at = claimed_at - 720000").await;
    }

    /// Makes every scheduled deletion due. The daemon must be down.
    pub async fn bring_deletions_forward(installation: &Installation) {
        Self::change(installation, "UPDATE keys SET deletion_at = created_at WHERE deletion_at IS NOT NULL").await;
    }

    /// Ends the time of every material that has come. The daemon must be down.
    pub async fn expire_materials(installation: &Installation) {
        Self::change(installation, "UPDATE materials SET valid_to = imported_at WHERE presence = 'imported'").await;
    }

    async fn change(installation: &Installation, sql: &'static str) {
        let database = Database::open(installation).await;
        let changed = database.execute(sql).await;
        assert!(changed > 0, "{sql}: there was nothing to change");
        database.close().await;
    }
}

/// One connection, and no task that looks after it: that of sqlx 0.9.0 may turn for ever (its issue 3645).
pub fn pool<D: sqlx::Database>() -> PoolOptions<D> {
    PoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None)
}

enum Database {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Database {
    async fn open(installation: &Installation) -> Self {
        Self::connect(&installation.store_url()).await
    }

    async fn connect(url: &str) -> Self {
        if url.starts_with("postgres") {
            return Self::Postgres(pool().connect(url).await.unwrap());
        }
        let options = SqliteConnectOptions::from_str(url).unwrap();
        Self::Sqlite(pool().connect_with(options).await.unwrap())
    }

    async fn execute(&self, sql: &'static str) -> u64 {
        match self {
            Self::Postgres(pool) => pool.execute(sql).await.unwrap().rows_affected(),
            Self::Sqlite(pool) => pool.execute(sql).await.unwrap().rows_affected(),
        }
    }

    async fn pairs(&self, query: &'static str) -> BTreeMap<String, String> {
        let pairs: Vec<(Vec<u8>, String)> = match self {
            Self::Postgres(pool) => {
                let rows = sqlx::query(query).fetch_all(pool).await.unwrap();
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
            Self::Sqlite(pool) => {
                let rows = sqlx::query(query).fetch_all(pool).await.unwrap();
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
        };
        pairs.into_iter().map(|(object, what)| (hex(&object), what)).collect()
    }

    async fn close(self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Sqlite(pool) => pool.close().await,
        }
    }
}

//! The daemon's own SQLite record, read behind its back. The only place of the tests that knows its columns.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

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
        let options = SqliteConnectOptions::new().filename(installation.database());
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let record = Self {
            materials: pairs(&pool, MATERIALS).await,
            wrapping_keys: pairs(&pool, WRAPPING_KEYS).await,
            unsettled: pairs(&pool, UNSETTLED).await,
        };
        pool.close().await;
        record
    }

    /// The CKA_ID of the one material of a key.
    pub fn object_of(&self, key_id: &str) -> &str {
        let mut objects = self.materials.iter().filter(|(_, key)| *key == key_id).map(|(object, _)| object);
        let object = objects.next().unwrap_or_else(|| panic!("no material of {key_id} is recorded"));
        assert_eq!(objects.next(), None, "several materials of {key_id}");
        object
    }
}

async fn pairs(pool: &SqlitePool, query: &'static str) -> BTreeMap<String, String> {
    let rows = sqlx::query(query).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| (hex(row.get(0)), row.get(1))).collect()
}

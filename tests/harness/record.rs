//! The daemon's own SQLite record, read behind its back. The only place of the tests that knows its columns.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};

use super::Installation;
use super::openssl::hex;

/// Of every imported or generated material that is present: the key's id by the CKA_ID of the object, hex.
const MATERIALS: &str = "SELECT object_id, key_id FROM materials WHERE presence = 'imported'";
/// Of every wrapping key that the token must hold: the state by the CKA_ID of the private half, hex.
const WRAPPING_KEYS: &str = "SELECT object_id, state FROM wrapping_keys WHERE state IN ('making', 'ready', 'issued')";

/// What the database knows of the token's objects.
pub struct Record {
    /// CKA_ID → key id.
    pub materials: BTreeMap<String, String>,
    /// CKA_ID → state.
    pub wrapping_keys: BTreeMap<String, String>,
}

impl Record {
    /// Reads it. The daemon may be up or down.
    pub async fn read(installation: &Installation) -> Self {
        let options = SqliteConnectOptions::new().filename(installation.database());
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let record = Self { materials: pairs(&pool, MATERIALS).await, wrapping_keys: pairs(&pool, WRAPPING_KEYS).await };
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
    rows.iter().map(|row| (object_id(row), row.get(1))).collect()
}

/// A CKA_ID, whether it is stored as bytes or as hex.
fn object_id(row: &SqliteRow) -> String {
    row.try_get::<Vec<u8>, _>(0)
        .map_or_else(|_| row.get(0), |bytes| if bytes.len() == 16 { hex(&bytes) } else { row.get(0) })
}

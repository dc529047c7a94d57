//! A record of this process, and the service's own statements on it, over one connection.
//!
//! Each transaction is one that a caller or the token waits for, on the disk when it returns.

use keyferry::model::{ObjectId, WrappingKeySpec};
use keyferry::store::Store;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, Row, Sqlite, Transaction};
use tempfile::TempDir;

use super::super::errand::PlantedLot;
use super::super::stock::bits;
use super::super::stock::rows::{Rows, now};
use crate::harness::installation::{ACCOUNT, IMPORTER};

const SERIAL: &str = "0123456789abcdef";

/// Hands out the oldest ready pair.
const TAKE: &str = "UPDATE wrapping_keys SET state = 'issued', key_id = $4, account = $5, principal = $6, algorithm = $7, \
                    path = $8, issued_at = $9, expires_at = $10 WHERE state = 'ready' AND id = (SELECT id \
                    FROM wrapping_keys WHERE state = 'ready' AND token = $1 AND spec = $2 AND pair_use = $3 \
                    ORDER BY created_at, id LIMIT 1) RETURNING id, object, token, spec, pair_use, state, spki, created_at, \
                    attempts, key_id, account, principal, algorithm, path, issued_at, expires_at, request_digest, \
                    material_id, material_kcv, material_spki, exposure";

/// The database, and the connection.
pub struct BareRecord {
    connection: SqliteConnection,
    key: String,
    _folder: TempDir,
}

/// A set that was handed out.
pub struct Set {
    pub id: String,
    pub object: Vec<u8>,
}

impl BareRecord {
    /// With so many ready pairs of each spec, and one key: what a commit writes depends on how much there is.
    pub async fn with_ready(ready: &[(WrappingKeySpec, usize)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("floor.db");
        let store = Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
        store.close().await;
        let mut rows = Rows::open(&path).await;
        for (spec, pairs) in ready {
            // As long as a public key of this size is in DER.
            let spki = vec![0x30; usize::try_from(bits(*spec) / 8).unwrap() + 38];
            let ids = (0..*pairs).map(|_| ObjectId::random().0).collect();
            rows.ready(SERIAL, *spec, &PlantedLot { spki, ids }).await;
        }
        rows.keys(SERIAL, 1).await;
        let key = rows.key_ids().await.remove(0);
        rows.close().await;
        let options = SqliteConnectOptions::new().filename(&path).foreign_keys(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        Self { connection: SqliteConnection::connect_with(&options).await.unwrap(), key, _folder: folder }
    }

    async fn begin(&mut self) -> Transaction<'_, Sqlite> {
        self.connection.begin_with("BEGIN IMMEDIATE").await.unwrap()
    }

    /// Hands out a ready pair. A single statement is a transaction of its own, and the quickest one.
    pub async fn take(&mut self, spec: WrappingKeySpec) -> Set {
        let began = now();
        let query = sqlx::query(TAKE).bind(SERIAL).bind(spec.as_str()).bind("unwrap").bind(&self.key).bind(ACCOUNT);
        let query = query.bind(IMPORTER).bind("RSAES_OAEP_SHA_1").bind("direct").bind(began).bind(began + 86_400_000);
        // All rows: the statement has not ended, and nothing is on the disk, before there are no more.
        let row = query.fetch_all(&mut self.connection).await.unwrap().remove(0);
        Set { id: row.get("id"), object: row.get("object") }
    }

    /// Claims an import under a set, as `object`.
    pub async fn claim(&mut self, set: &Set, object: &ObjectId) {
        let mut commit = self.begin().await;
        let sql = "UPDATE wrapping_keys SET attempts = attempts + 1 \
                   WHERE id = $1 AND state = 'issued' AND expires_at > $2 AND attempts < $3";
        sqlx::query(sql).bind(&set.id).bind(now()).bind(16).execute(&mut *commit).await.unwrap();
        let sql = "INSERT INTO claims (object, wrapping_key, claimed_at) VALUES ($1, $2, $3)";
        sqlx::query(sql).bind(&object.0[..]).bind(&set.id).bind(now()).execute(&mut *commit).await.unwrap();
        commit.commit().await.unwrap();
    }

    /// Settles it.
    pub async fn settle(&mut self, set: &Set, object: &ObjectId) {
        let key = self.key.clone();
        let mut commit = self.begin().await;
        let sql = "UPDATE keys SET description = '', enabled = 1, version = version + 1 WHERE account = $1 AND id = $2";
        sqlx::query(sql).bind(ACCOUNT).bind(&key).execute(&mut *commit).await.unwrap();
        sqlx::query("DELETE FROM materials WHERE key_id = $1").bind(&key).execute(&mut *commit).await.unwrap();
        let sql = "INSERT INTO materials (key_id, place, id, object, presence, rotation, description, imported_at, kcv, \
                   exposure) VALUES ($1, 0, $2, $3, 'imported', 'CURRENT', '', $4, $5, 'TOKEN')";
        let query = sqlx::query(sql).bind(&key).bind(&[7; 32][..]).bind(&object.0[..]).bind(now()).bind(&[7; 3][..]);
        query.execute(&mut *commit).await.unwrap();
        let sql = "UPDATE wrapping_keys SET state = 'consumed', request_digest = $2, material_id = $3, material_kcv = $4, \
                   exposure = 'TOKEN' WHERE id = $1 AND state = 'issued'";
        let query = sqlx::query(sql).bind(&set.id).bind(&[7; 32][..]).bind(&[7; 32][..]).bind(&[7; 3][..]);
        query.execute(&mut *commit).await.unwrap();
        let sql = "INSERT INTO doomed (object, doomed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(sql).bind(&set.object).bind(now()).execute(&mut *commit).await.unwrap();
        sqlx::query("DELETE FROM claims WHERE object = $1").bind(&object.0[..]).execute(&mut *commit).await.unwrap();
        commit.commit().await.unwrap();
    }

    /// Records that the wrapping key is gone.
    pub async fn destroyed(&mut self, set: &Set) {
        let mut commit = self.begin().await;
        sqlx::query("DELETE FROM doomed WHERE object = $1").bind(&set.object).execute(&mut *commit).await.unwrap();
        commit.commit().await.unwrap();
    }
}

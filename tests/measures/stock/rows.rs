//! Rows written behind the daemon's back. With [`super::super::floor::record`] the only place of the bench that knows columns.

use std::path::Path;

use keyferry::clock::{Clock, SystemClock};
use keyferry::model::{WrappingKeyId, WrappingKeySpec};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, PgConnection, Row};

use super::super::errand::PlantedLot;
use crate::harness::installation::ACCOUNT;

/// A pair that stands ready.
const READY: &str = "INSERT INTO wrapping_keys (id, object, token, spec, pair_use, state, spki, created_at, attempts) \
                     VALUES ($1, $2, $3, $4, 'unwrap', 'ready', $5, $6, 0)";

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A record that nobody serves from.
pub struct Rows(SqliteConnection);

impl Rows {
    pub async fn open(database: &Path) -> Self {
        Self(SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database)).await.unwrap())
    }

    pub async fn close(self) {
        self.0.close().await.unwrap();
    }

    /// Pairs that stand ready, one made a millisecond after the other: handed out in the order of their rows, as in life.
    pub async fn ready(&mut self, serial: &str, spec: WrappingKeySpec, lot: &PlantedLot) {
        let mut all = self.0.begin().await.unwrap();
        for (made_at, object) in (now()..).zip(&lot.ids) {
            let query = sqlx::query(READY).bind(WrappingKeyId::random().to_string()).bind(&object[..]).bind(serial);
            query.bind(spec.as_str()).bind(&lot.spki).bind(made_at).execute(&mut *all).await.unwrap();
        }
        all.commit().await.unwrap();
    }

    /// Pairs of RSA_2048 handed out for these keys, to a hundred principals.
    pub async fn issued(&mut self, serial: &str, lot: &PlantedLot, keys: &[String]) {
        let mut all = self.0.begin().await.unwrap();
        for (number, object) in lot.ids.iter().enumerate() {
            let sql = "INSERT INTO wrapping_keys (id, object, token, spec, pair_use, state, spki, created_at, attempts, \
                       key_id, account, principal, algorithm, path, issued_at, expires_at) \
                       VALUES ($1, $2, $3, 'RSA_2048', 'unwrap', 'issued', $4, $5, 0, $6, $7, $8, 'RSAES_OAEP_SHA_1', \
                       'direct', $5, $9)";
            let query = sqlx::query(sql).bind(WrappingKeyId::random().to_string()).bind(&object[..]).bind(serial);
            let query = query.bind(&lot.spki).bind(now()).bind(&keys[number % keys.len()]).bind(ACCOUNT);
            let principal = format!("spiffe://example.org/importer/{}", number % 100);
            query.bind(principal).bind(now() + DAY_MS).execute(&mut *all).await.unwrap();
        }
        all.commit().await.unwrap();
    }

    /// Symmetric keys that wait for their material.
    pub async fn keys(&mut self, serial: &str, count: usize) {
        let sql = "INSERT INTO keys (id, account, spec, usage, origin, description, enabled, created_at, token, version) \
                   WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) \
                   SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) \
                   || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), \
                   $2, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'EXTERNAL', '', 1, $3, $4, 0 FROM numbers WHERE $1 > 0";
        let query = sqlx::query(sql).bind(i64::try_from(count).unwrap()).bind(ACCOUNT).bind(now()).bind(serial);
        query.execute(&mut self.0).await.unwrap();
    }

    pub async fn key_ids(&mut self) -> Vec<String> {
        let rows = sqlx::query("SELECT id FROM keys").fetch_all(&mut self.0).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// As [`Rows::ready`], in the PostgreSQL database of this URL.
pub async fn ready_over_postgres(url: &str, serial: &str, spec: WrappingKeySpec, lot: &PlantedLot) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut all = connection.begin().await.unwrap();
    for (made_at, object) in (now()..).zip(&lot.ids) {
        let query = sqlx::query(READY).bind(WrappingKeyId::random().to_string()).bind(&object[..]).bind(serial);
        query.bind(spec.as_str()).bind(&lot.spki).bind(made_at).execute(&mut *all).await.unwrap();
    }
    all.commit().await.unwrap();
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    SystemClock.now().as_millis()
}

//! Access keys: whom they stand for, and until when. Never a secret.

use super::rows::{Row, corrupt};
use super::transaction::transact;
use super::value::args;
use super::{Error, Store};
use crate::model::{AccessKey, AccessKeyId, Timestamp};

const INSERT: &str = "INSERT INTO access_keys (id, principal, generation, created_at, ends_at) VALUES ($1, $2, $3, $4, $5) \
                      ON CONFLICT DO NOTHING";

/// Only ever earlier: what has ended does not come back.
const END: &str = "UPDATE access_keys SET ends_at = $2 WHERE id = $1 AND (ends_at IS NULL OR ends_at > $2)";

impl Store {
    /// Records a new access key.
    ///
    /// # Errors
    /// [`Error::Conflict`] where there is one of this id.
    pub async fn insert_access_key(&self, key: &AccessKey) -> Result<(), Error> {
        transact!(self, |tx| { tx.change(INSERT, columns(key)).await })
    }

    /// The access key of this id, whether it holds or has ended.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn access_key(&self, id: &AccessKeyId) -> Result<Option<AccessKey>, Error> {
        let sql = "SELECT id, principal, generation, created_at, ends_at FROM access_keys WHERE id = $1";
        self.rows(sql, args![id.as_str()]).await?.first().map(of_row).transpose()
    }

    /// Every access key, also those that have ended, the oldest first.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn access_keys(&self) -> Result<Vec<AccessKey>, Error> {
        let sql = "SELECT id, principal, generation, created_at, ends_at FROM access_keys ORDER BY created_at, id";
        self.rows(sql, args![]).await?.iter().map(of_row).collect()
    }

    /// Ends an access key at `at`, unless it ends before. Returns whether there is one of this id.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn end_access_key(&self, id: &AccessKeyId, at: Timestamp) -> Result<bool, Error> {
        transact!(self, |tx| {
            tx.execute(END, args![id.as_str(), at]).await?;
            Ok(tx.row("SELECT 1 AS one FROM access_keys WHERE id = $1", args![id.as_str()]).await?.is_some())
        })
    }

    /// Records `new` in the place of `old`, which ends at `at`.
    ///
    /// # Errors
    /// [`Error::Conflict`] where `old` is not there or is ending already: of two who replace it, one does.
    pub async fn replace_access_key(&self, old: &AccessKeyId, at: Timestamp, new: &AccessKey) -> Result<(), Error> {
        transact!(self, |tx| {
            let sql = "UPDATE access_keys SET ends_at = $2 WHERE id = $1 AND ends_at IS NULL";
            tx.change(sql, args![old.as_str(), at]).await?;
            tx.change(INSERT, columns(new)).await
        })
    }
}

fn columns(key: &AccessKey) -> Vec<super::value::Value> {
    let AccessKey { id, principal, created_at, ends_at, generation } = key;
    args![id.as_str(), principal.as_str(), *generation, *created_at, *ends_at]
}

fn of_row(row: &Row) -> Result<AccessKey, Error> {
    Ok(AccessKey {
        id: AccessKeyId::parse(&row.get::<String>("id")?).ok_or_else(|| corrupt("id"))?,
        principal: row.get("principal")?,
        created_at: row.time("created_at")?,
        ends_at: row.optional::<i64>("ends_at")?.map(Timestamp::from_millis),
        generation: row.count("generation")?,
    })
}

//! Objects that are of no more use: recorded in the transaction that ends their use, forgotten when the token has destroyed them.

use std::sync::LazyLock;

use super::objects::{CHUNK, PLACES, padded};
use super::transaction::{Transaction, transact};
use super::value::args;
use super::{Error, Store};
use crate::model::{ObjectId, Timestamp};

impl Transaction {
    /// Records that `objects`, in the token of this serial number, are of no more use.
    pub(super) async fn doom(&mut self, objects: &[ObjectId], token: &str, now: Timestamp) -> Result<(), Error> {
        for object in objects {
            let sql =
                "INSERT INTO doomed (object, token, doomed_at, doomed_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
            self.execute(sql, args![object, token, now, &*self.process]).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Dooms an object in the token of this serial number that came to nothing, whether or not its claim is still on record; not where a record needs it after
    /// all. Returns whether it is doomed.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn doom_unless_needed(&self, object: &ObjectId, token: &str, now: Timestamp) -> Result<bool, Error> {
        transact!(self, |tx| {
            let sql = "SELECT object FROM materials WHERE object = $1 AND presence = 'imported' \
                       UNION ALL SELECT object FROM wrapping_keys WHERE object = $1 AND state IN ('making', 'ready', 'issued')";
            if tx.row(sql, args![object]).await?.is_some() {
                return Ok(false);
            }
            tx.doom(&[*object], token, now).await?;
            Ok(true)
        })
    }

    /// Up to `limit` objects that are to be destroyed in the token of this serial number, in the order of their ids; of no number, those
    /// of which it is not said where they are. The token may not have them any more.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn doomed(&self, token: &str, after: Option<ObjectId>, limit: u32) -> Result<Vec<ObjectId>, Error> {
        let after = after.unwrap_or(ObjectId([0; 16]));
        let sql = "SELECT object FROM doomed WHERE token = $1 AND object > $2 ORDER BY object LIMIT $3";
        let rows = self.rows(sql, args![token, &after, limit]).await?;
        rows.iter().map(|row| row.object("object")).collect()
    }

    /// As [`Store::doomed`], those that this process doomed, and of what others did that which is doomed since before `before`: what it
    /// is for this process to destroy, unless it is asked to look after all.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn doomed_here(
        &self,
        token: &str,
        before: Timestamp,
        after: Option<ObjectId>,
        limit: u32,
    ) -> Result<Vec<ObjectId>, Error> {
        let after = after.unwrap_or(ObjectId([0; 16]));
        let sql = "SELECT object FROM doomed WHERE token = $1 AND object > $2 AND (doomed_by = $3 OR doomed_at < $4) \
                   ORDER BY object LIMIT $5";
        let rows = self.rows(sql, args![token, &after, &*self.process, before, limit]).await?;
        rows.iter().map(|row| row.object("object")).collect()
    }

    /// Records that an object which is to be destroyed, and of which it was not said where it is, is in the token of this serial number.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn doomed_in(&self, object: &ObjectId, token: &str) -> Result<(), Error> {
        let sql = "UPDATE doomed SET token = $2 WHERE object = $1 AND token = ''";
        transact!(self, |tx| { tx.execute(sql, args![object, token]).await.map(drop) })
    }

    /// Records that the token does not have these objects any more. Returns how many were doomed until now.
    ///
    /// # Errors
    /// Where the record cannot be changed; part of them may be recorded then.
    pub async fn destroyed(&self, objects: &[ObjectId]) -> Result<u64, Error> {
        let mut gone = 0;
        for chunk in objects.chunks(CHUNK) {
            gone += transact!(self, |tx| { tx.execute(&GONE, padded(chunk)).await })?;
        }
        Ok(gone)
    }
}

impl Store {
    /// As [`Store::destroyed`], of objects that were not found: those of them that were doomed before `before`.
    ///
    /// # Errors
    /// Where the record cannot be changed; part of them may be recorded then.
    pub async fn not_found(&self, objects: &[ObjectId], before: Timestamp) -> Result<u64, Error> {
        let mut gone = 0;
        for chunk in objects.chunks(CHUNK) {
            gone += transact!(self, |tx| {
                let mut args = padded(chunk);
                args.extend(args![before]);
                tx.execute(&NOT_FOUND, args).await
            })?;
        }
        Ok(gone)
    }
}

static NOT_FOUND: LazyLock<String> =
    LazyLock::new(|| format!("DELETE FROM doomed WHERE object IN ({}) AND doomed_at < ${}", *PLACES, CHUNK + 1));

static GONE: LazyLock<String> = LazyLock::new(|| format!("DELETE FROM doomed WHERE object IN ({})", *PLACES));

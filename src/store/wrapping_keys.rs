//! Wrapping key pairs, from their making to their end. `making → ready` is here, and the ends that time brings; how they are
//! handed out is in `issues`, what imports do to them in the files on claims and settlements.

use std::sync::Arc;

use super::transaction::{Transaction, transact};
use super::value::args;
use super::wrapping_rows::{self, wrapping_key_columns};
use super::{Error, Store};
use crate::model::{Timestamp, WrappingKey, WrappingKeyId};

/// The issued sets whose time is over at `$1`, the longest over first; at most `$2`.
macro_rules! over_sql {
    () => {
        "SELECT id FROM wrapping_keys WHERE state = 'issued' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2"
    };
}

impl Store {
    /// Records that a pair is about to be made: id, object, token, spec and use count, and it is `making` whatever it says.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn begin_wrapping_key(&self, key: &WrappingKey) -> Result<(), Error> {
        transact!(self, |tx| {
            let sql = "INSERT INTO wrapping_keys (id, object, token, spec, pair_use, state, spki, created_at, attempts) \
                       VALUES ($1, $2, $3, $4, $5, 'making', $6, $7, 0)";
            let (spec, pair_use) = (key.kind.spec.as_str(), key.kind.pair_use.as_str());
            let nothing: &[u8] = &[];
            tx.execute(sql, args![&key.id, &key.object, key.token.as_str(), spec, pair_use, nothing, key.created_at]).await
        })
        .map(drop)
    }

    /// Records that the token has made the pair, and its public half, DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not being made: recovery has given it up.
    pub async fn wrapping_key_ready(&self, id: &WrappingKeyId, spki: &[u8]) -> Result<(), Error> {
        transact!(self, |tx| {
            let sql = "UPDATE wrapping_keys SET state = 'ready', spki = $2 WHERE id = $1 AND state = 'making'";
            tx.change(sql, args![id, spki]).await
        })
    }

    /// Forgets a pair that nobody was given, and dooms its object.
    ///
    /// # Errors
    /// [`Error::Conflict`] where there is none, or it has been handed out.
    pub async fn abandon_wrapping_key(&self, id: &WrappingKeyId, now: Timestamp) -> Result<(), Error> {
        transact!(self, |tx| {
            let sql = "DELETE FROM wrapping_keys WHERE id = $1 AND state IN ('making', 'ready') RETURNING object, token";
            let row = tx.row(sql, args![id]).await?.ok_or(Error::Conflict)?;
            tx.doom(&[row.object("object")?], &row.get::<String>("token")?, now).await
        })
    }

    /// What is known of a wrapping key.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn wrapping_key(&self, id: &WrappingKeyId) -> Result<Option<WrappingKey>, Error> {
        self.rows(BY_ID, args![id]).await?.first().map(wrapping_rows::of_row).transpose()
    }

    /// Ends the issued sets whose time is over at `now`, the longest over first, and dooms their objects. At most `limit`;
    /// returns how many.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn expire_wrapping_keys(&self, now: Timestamp, limit: u32) -> Result<u64, Error> {
        transact!(self, |tx| {
            let sql = concat!(
                "INSERT INTO doomed (object, token, doomed_at, doomed_by) SELECT object, token, $1, $3 FROM wrapping_keys WHERE id IN (",
                over_sql!(),
                ") ON CONFLICT DO NOTHING"
            );
            let process = Arc::clone(&tx.process);
            tx.execute(sql, args![now, limit, &*process]).await?;
            let sql =
                concat!("UPDATE wrapping_keys SET state = 'expired' WHERE state = 'issued' AND id IN (", over_sql!(), ")");
            tx.execute(sql, args![now, limit]).await
        })
    }

    /// Forgets sets that came to an end and whose time was over before `before`. At most `limit`; returns how many.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn forget_wrapping_keys(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        transact!(self, |tx| {
            let sql = "DELETE FROM wrapping_keys WHERE id IN (SELECT id FROM wrapping_keys \
                       WHERE state IN ('consumed', 'expired', 'dead') AND expires_at < $1 ORDER BY expires_at LIMIT $2)";
            tx.execute(sql, args![before, limit]).await
        })
    }

    /// Up to `limit` pairs whose making began before `before` and has not ended, the oldest first.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn stale_making(&self, before: Timestamp, limit: u32) -> Result<Vec<WrappingKeyId>, Error> {
        let sql = "SELECT id FROM wrapping_keys WHERE state = 'making' AND created_at < $1 ORDER BY created_at LIMIT $2";
        self.rows(sql, args![before, limit]).await?.iter().map(|row| row.wrapping_key_id("id")).collect()
    }
}

const BY_ID: &str = concat!("SELECT ", wrapping_key_columns!(), " FROM wrapping_keys WHERE id = $1");

impl Transaction {
    pub(super) async fn wrapping_key(&mut self, id: &WrappingKeyId) -> Result<Option<WrappingKey>, Error> {
        self.row(BY_ID, args![id]).await?.as_ref().map(wrapping_rows::of_row).transpose()
    }
}

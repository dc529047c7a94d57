//! Objects that are of no more use: recorded in the transaction that ends their use, forgotten when the token has destroyed them.

use super::transaction::{Transaction, transact};
use super::value::args;
use super::{Error, Store};
use crate::model::{ObjectId, Timestamp};

impl Transaction {
    /// Records that `objects` are of no more use.
    pub(super) async fn doom(&mut self, objects: &[ObjectId], now: Timestamp) -> Result<(), Error> {
        for object in objects {
            let sql = "INSERT INTO doomed (object, doomed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            self.execute(sql, args![object, now]).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Up to `limit` objects that are to be destroyed, those that wait longest first. The token may not have them any more.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn doomed(&self, limit: u32) -> Result<Vec<ObjectId>, Error> {
        let rows = self.rows("SELECT object FROM doomed ORDER BY doomed_at, object LIMIT $1", args![limit]).await?;
        rows.iter().map(|row| row.object("object")).collect()
    }

    /// Records that the token does not have this object any more.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn destroyed(&self, object: &ObjectId) -> Result<(), Error> {
        transact!(self, |tx| { tx.execute("DELETE FROM doomed WHERE object = $1", args![object]).await.map(drop) })
    }
}

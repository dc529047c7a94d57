//! The settlement: the one transaction that makes an import happen.

use super::transaction::{Transaction, transact};
use super::value::args;
use super::wrapping_rows::answer;
use super::{Error, Store};
use crate::model::{Answer, Claim, Key, ObjectId, Timestamp, WrappingKeyId, WrappingKeyState};

/// What became of an import whose material is in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It happened.
    Settled,
    /// Another import under the same set was first, with this answer. The claim is still there, to be released.
    AlreadyConsumed(Answer),
    /// The key was changed since it was read: read it again. The claim is still there.
    KeyChanged,
    /// The claim has been given up, or its set has ended. What is left of the claim is to be released.
    ClaimGone,
}

impl Store {
    /// Makes an import happen: `key` is saved with its new material, the set is consumed with `answer` and its object
    /// doomed, so are the `doomed`, and the claim is gone. Whatever else it returns, nothing has changed.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn settle(
        &self,
        claim: &Claim,
        key: &Key,
        doomed: &[ObjectId],
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Settled, Error> {
        let Some(id) = &claim.wrapping_key else { return Ok(Settled::ClaimGone) };
        transact!(self, |tx| {
            // Everything that can stop it comes before anything that changes a row.
            if let Some(stopped) = tx.obstacle(claim, id).await? {
                return Ok(stopped);
            }
            if !tx.save_key(key).await? {
                return Ok(Settled::KeyChanged);
            }
            tx.consume(id, answer, now).await?;
            tx.doom(doomed, &key.token, now).await?;
            tx.change("DELETE FROM claims WHERE object = $1", args![&claim.object]).await?;
            Ok(Settled::Settled)
        })
    }
}

impl Store {
    /// Makes a rotation happen to material that the token made: `key` is saved with it, and the claim is gone. Whatever else it
    /// returns, nothing has changed.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn settle_rotation(&self, claim: &Claim, key: &Key) -> Result<Settled, Error> {
        transact!(self, |tx| {
            let sql = "SELECT object FROM claims WHERE object = $1";
            if tx.row(sql, args![&claim.object]).await?.is_none() {
                return Ok(Settled::ClaimGone);
            }
            if !tx.save_key(key).await? {
                return Ok(Settled::KeyChanged);
            }
            tx.change("DELETE FROM claims WHERE object = $1", args![&claim.object]).await?;
            Ok(Settled::Settled)
        })
    }
}

impl Transaction {
    async fn obstacle(&mut self, claim: &Claim, id: &WrappingKeyId) -> Result<Option<Settled>, Error> {
        let Some(set) = self.wrapping_key(id).await? else { return Ok(Some(Settled::ClaimGone)) };
        match set.state {
            WrappingKeyState::Issued => {}
            WrappingKeyState::Consumed => return Ok(Some(Settled::AlreadyConsumed(answer(set)?))),
            WrappingKeyState::Making | WrappingKeyState::Ready | WrappingKeyState::Expired | WrappingKeyState::Dead => {
                return Ok(Some(Settled::ClaimGone));
            }
        }
        let sql = "SELECT object FROM claims WHERE object = $1 AND wrapping_key = $2";
        let there = self.row(sql, args![&claim.object, id]).await?.is_some();
        Ok((!there).then_some(Settled::ClaimGone))
    }

    async fn consume(&mut self, id: &WrappingKeyId, answer: &Answer, now: Timestamp) -> Result<(), Error> {
        let Answer { digest, material, kcv, spki, exposure, receipt } = answer;
        let sql = "UPDATE wrapping_keys SET state = 'consumed', request_digest = $2, material_id = $3, material_kcv = $4, \
                   material_spki = $5, exposure = $6, receipt = $7 WHERE id = $1 AND state = 'issued' RETURNING object, token";
        let args = args![
            id,
            digest.0.as_slice(),
            material.0.as_slice(),
            kcv.as_ref().map(<[u8; 3]>::as_slice),
            spki.as_deref(),
            exposure.as_str(),
            receipt.as_slice(),
        ];
        let row = self.row(sql, args).await?.ok_or(Error::Conflict)?;
        self.doom(&[row.object("object")?], &row.get::<String>("token")?, now).await
    }
}

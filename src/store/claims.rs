//! Claims: what is about to appear in the token, recorded before the token acts.
//!
//! An attempt counts when it is claimed, not when it fails: one that ends the process counts too.

use super::transaction::{Transaction, transact};
use super::value::args;
use super::wrapping_rows::answer;
use super::{Error, Store};
use crate::model::{Answer, Claim, Timestamp, WrappingKeyId, WrappingKeyState};

/// What became of a claim on a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The attempt counts, and may begin.
    Claimed,
    /// An import under the set has succeeded, with this answer.
    Consumed(Answer),
    /// The set is of no more use: expired, tried too often, or never handed out.
    Dead,
}

/// What a failed attempt may have left in the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// Nothing: it failed before anything was put there.
    Nothing,
    /// Perhaps the object.
    Perhaps,
}

impl Store {
    /// Claims an attempt under a set, which must be issued, unexpired at `now` and tried fewer than `max_attempts` times.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn claim(&self, claim: &Claim, max_attempts: u32, now: Timestamp) -> Result<Claimed, Error> {
        let Some(id) = &claim.wrapping_key else { return Ok(Claimed::Dead) };
        transact!(self, |tx| {
            let sql = "UPDATE wrapping_keys SET attempts = attempts + 1 \
                       WHERE id = $1 AND state = 'issued' AND expires_at > $2 AND attempts < $3";
            if tx.execute(sql, args![id, now, max_attempts]).await? > 0 {
                tx.insert_claim(claim).await?;
                return Ok(Claimed::Claimed);
            }
            match tx.wrapping_key(id).await? {
                Some(key) if key.state == WrappingKeyState::Consumed => answer(key).map(Claimed::Consumed),
                _ => Ok(Claimed::Dead),
            }
        })
    }

    /// Claims an object that comes under no set: material that the token makes.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn claim_object(&self, claim: &Claim) -> Result<(), Error> {
        transact!(self, |tx| { tx.insert_claim(claim).await })
    }

    /// Gives up a claim whose attempt failed, and dooms its object where the token may have it.
    ///
    /// A set that has been tried `max_attempts` times is dead when none of the attempts is under way any more, and its
    /// object doomed. A claim that is gone, because it was settled or given up already, is left alone.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn release(&self, claim: &Claim, leftover: Leftover, max_attempts: u32, now: Timestamp) -> Result<(), Error> {
        transact!(self, |tx| {
            let (true, Some(id)) = (tx.give_up(claim, leftover, now).await?, &claim.wrapping_key) else { return Ok(()) };
            let sql = "UPDATE wrapping_keys SET state = 'dead' WHERE id = $1 AND state = 'issued' AND attempts >= $2 \
                       AND NOT EXISTS (SELECT 1 FROM claims WHERE wrapping_key = $1) RETURNING object, token";
            match tx.row(sql, args![id, max_attempts]).await? {
                Some(dead) => tx.doom(&[dead.object("object")?], &dead.get::<String>("token")?, now).await,
                None => Ok(()),
            }
        })
    }

    /// As [`Store::release`], where not the caller was at fault but the token: the attempt does not count.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn refund(&self, claim: &Claim, leftover: Leftover, now: Timestamp) -> Result<(), Error> {
        transact!(self, |tx| {
            if let (true, Some(id)) = (tx.give_up(claim, leftover, now).await?, &claim.wrapping_key) {
                let sql =
                    "UPDATE wrapping_keys SET attempts = attempts - 1 WHERE id = $1 AND state = 'issued' AND attempts > 0";
                tx.execute(sql, args![id]).await?;
            }
            Ok(())
        })
    }

    /// Up to `limit` claims from before `before`, the oldest first.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn stale_claims(&self, before: Timestamp, limit: u32) -> Result<Vec<Claim>, Error> {
        let sql = "SELECT object, wrapping_key, claimed_at, token FROM claims WHERE claimed_at < $1 \
                   ORDER BY claimed_at LIMIT $2";
        let rows = self.rows(sql, args![before, limit]).await?;
        let claim = |row: &super::rows::Row| {
            let wrapping_key = match row.optional::<String>("wrapping_key")? {
                Some(_) => Some(row.wrapping_key_id("wrapping_key")?),
                None => None,
            };
            let (object, claimed_at) = (row.object("object")?, row.time("claimed_at")?);
            Ok(Claim { object, wrapping_key, claimed_at, token: row.get("token")? })
        };
        rows.iter().map(claim).collect()
    }
}

impl Transaction {
    async fn insert_claim(&mut self, claim: &Claim) -> Result<(), Error> {
        let Claim { object, wrapping_key, claimed_at, token } = claim;
        let sql = "INSERT INTO claims (object, wrapping_key, claimed_at, token) VALUES ($1, $2, $3, $4)";
        let wrapping_key = wrapping_key.as_ref().map(WrappingKeyId::to_string);
        self.execute(sql, args![object, wrapping_key, *claimed_at, token.as_str()]).await.map(drop)
    }

    /// Whether the claim was still there. Only then is its object doomed: otherwise it may be a key's material by now.
    async fn give_up(&mut self, claim: &Claim, leftover: Leftover, now: Timestamp) -> Result<bool, Error> {
        let there = self.execute("DELETE FROM claims WHERE object = $1", args![&claim.object]).await? > 0;
        if there && leftover == Leftover::Perhaps {
            self.doom(&[claim.object], &claim.token, now).await?;
        }
        Ok(there)
    }
}

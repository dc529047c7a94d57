//! Handing out wrapping keys: each at most once, and no more of them live at once than the caps let in.
//!
//! One statement finds, counts, locks and changes, so that no two can have the same pair and one commit is all that a caller
//! waits for. What it counts is bounded by the caps, whatever the number of records.

use super::connection::Database;
use super::transaction::{Isolation, Transaction, transact};
use super::value::args;
use super::wrapping_rows::{self, wrapping_key_columns};
use super::{Error, Store};
use crate::model::{Issue, PairKind, SetCaps, SetHolder, Timestamp, WrappingKey};

/// What became of asking for a ready pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is the caller's, and nobody else's ever.
    Taken(Box<WrappingKey>),
    /// None of the kind is ready.
    Dry,
    /// As many sets are live as may be.
    Capped {
        /// Whose.
        holder: SetHolder,
        /// When the first of them ends.
        until: Timestamp,
    },
}

/// The live sets of a principal, and of a key: `$5` and `$6`, or `$4`, at `$9`.
macro_rules! live_sql {
    (principal) => {
        "FROM wrapping_keys WHERE state = 'issued' AND account = $5 AND principal = $6 AND expires_at > $9"
    };
    (key) => {
        "FROM wrapping_keys WHERE state = 'issued' AND key_id = $4 AND expires_at > $9"
    };
}

macro_rules! take_sql {
    ($lock:literal) => {
        concat!(
            "UPDATE wrapping_keys SET state = 'issued', key_id = $4, account = $5, principal = $6, algorithm = $7, \
             path = $8, issued_at = $9, expires_at = $10 WHERE state = 'ready' AND id = (SELECT id FROM wrapping_keys \
             WHERE state = 'ready' AND token = $1 AND spec = $2 AND pair_use = $3 ORDER BY created_at, id LIMIT 1",
            $lock,
            ") AND $11 > (SELECT COUNT(*) FROM (SELECT 1 ",
            live_sql!(key),
            " LIMIT $11) AS held) AND $12 > (SELECT COUNT(*) FROM (SELECT 1 ",
            live_sql!(principal),
            " LIMIT $12) AS held) RETURNING ",
            wrapping_key_columns!()
        )
    };
}

impl Store {
    /// Hands out the oldest ready pair of this kind in the token of this serial number; each at most once, ever.
    ///
    /// Over PostgreSQL, callers at the same moment may pass a cap by as many as they are.
    ///
    /// # Errors
    /// Where the record cannot be changed. A pair that was taken when the answer got lost stays issued, and expires.
    pub async fn take_wrapping_key(
        &self,
        kind: PairKind,
        token: &str,
        issue: &Issue,
        caps: SetCaps,
    ) -> Result<Taken, Error> {
        let sql = match &self.database {
            Database::Postgres(_) => take_sql!(" FOR UPDATE SKIP LOCKED"),
            Database::Sqlite { .. } => take_sql!(""),
        };
        transact!(self, Isolation::ReadCommitted, |tx| {
            let Issue { key, account, principal, algorithm, path, issued_at, expires_at } = issue;
            let taken = args![
                token,
                kind.spec.as_str(),
                kind.pair_use.as_str(),
                key.as_str(),
                account.as_str(),
                principal.as_str(),
                algorithm.as_str(),
                path.as_str(),
                *issued_at,
                *expires_at,
                caps.per_key,
                caps.per_principal,
            ];
            match tx.row(sql, taken).await? {
                Some(row) => wrapping_rows::of_row(&row).map(|taken| Taken::Taken(Box::new(taken))),
                None => tx.why_not(issue, caps).await,
            }
        })
    }
}

impl Transaction {
    /// Why nothing was taken. A cap is told before an empty pool: waiting for a pair would not help.
    async fn why_not(&mut self, issue: &Issue, caps: SetCaps) -> Result<Taken, Error> {
        let of_key = "SELECT COUNT(*) AS held, MIN(expires_at) AS until FROM (SELECT expires_at FROM wrapping_keys \
                      WHERE state = 'issued' AND key_id = $1 AND expires_at > $2 ORDER BY expires_at LIMIT $3) AS held";
        let of_principal = "SELECT COUNT(*) AS held, MIN(expires_at) AS until FROM (SELECT expires_at FROM wrapping_keys \
                            WHERE state = 'issued' AND account = $1 AND principal = $4 AND expires_at > $2 \
                            ORDER BY expires_at LIMIT $3) AS held";
        let at = issue.issued_at;
        let questions = [
            (SetHolder::Key, caps.per_key, of_key, args![issue.key.as_str(), at, caps.per_key]),
            (
                SetHolder::Principal,
                caps.per_principal,
                of_principal,
                args![issue.account.as_str(), at, caps.per_principal, issue.principal.as_str()],
            ),
        ];
        for (holder, most, sql, args) in questions {
            if let Some(row) = self.row(sql, args).await?
                && row.count("held")? >= most
            {
                return Ok(Taken::Capped { holder, until: row.time("until")? });
            }
        }
        Ok(Taken::Dry)
    }
}

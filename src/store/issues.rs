//! Handing out wrapping keys: each at most once, and no more of them live at once than the caps let in.
//!
//! One statement finds, counts, locks and changes, so that no two can have the same pair and one commit is all that a caller
//! waits for. What it counts is bounded by the caps, whatever the number of records.

use super::connection::Database;
use super::headroom::Issuing;
use super::rows::Row;
use super::value::{Value, args};
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
    ($lock:literal, $caps:expr) => {
        concat!(
            "UPDATE wrapping_keys SET state = 'issued', key_id = $4, account = $5, principal = $6, algorithm = $7, \
             path = $8, issued_at = $9, expires_at = $10 WHERE state = 'ready' AND id = (SELECT id FROM wrapping_keys \
             WHERE state = 'ready' AND token = $1 AND spec = $2 AND pair_use = $3 ORDER BY created_at, id LIMIT 1",
            $lock,
            ")",
            $caps,
            " RETURNING ",
            wrapping_key_columns!()
        )
    };
}

/// The key's cap is `$11`, the principal's `$12`.
macro_rules! cap_sql {
    (key) => {
        concat!(" AND $11 > (SELECT COUNT(*) FROM (SELECT 1 ", live_sql!(key), " LIMIT $11) AS held)")
    };
    (principal) => {
        concat!(" AND $12 > (SELECT COUNT(*) FROM (SELECT 1 ", live_sql!(principal), " LIMIT $12) AS held)")
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
        // Where others write too, they may have used up what was counted.
        let issuing = self.database.is_held().then(|| self.headroom.begin(issue));
        let taken = self.take(kind, token, issue, caps, issuing.as_ref()).await;
        match (&taken, issuing) {
            (Ok(None), Some(issuing)) => self.headroom.give_back(issue, &issuing),
            (Ok(Some(_)), Some(issuing)) if issuing.is_to_be_counted => {
                drop(issuing);
                // Not on the caller's time: the next issue of the two is quicker for it.
                let (store, issue) = (self.clone(), issue.clone());
                tokio::spawn(async move { store.count_headroom(&issue, caps).await });
            }
            // Where the answer was lost, something may have been taken.
            _ => {}
        }
        match taken? {
            Some(pair) => Ok(Taken::Taken(Box::new(pair))),
            // A cap is told before an empty pool: waiting for a pair would not help.
            None => Ok(self
                .reached_cap(issue, caps)
                .await?
                .map_or(Taken::Dry, |(holder, until)| Taken::Capped { holder, until })),
        }
    }

    async fn take(
        &self,
        kind: PairKind,
        token: &str,
        issue: &Issue,
        caps: SetCaps,
        issuing: Option<&Issuing>,
    ) -> Result<Option<WrappingKey>, Error> {
        let surely_within = issuing.map_or((false, false), |issuing| (issuing.within_key, issuing.within_principal));
        let sql = match (&self.database, surely_within) {
            (Database::Postgres(_), _) => {
                take_sql!(" FOR UPDATE SKIP LOCKED", concat!(cap_sql!(key), cap_sql!(principal)))
            }
            (Database::Sqlite { .. }, (true, true)) => take_sql!("", ""),
            (Database::Sqlite { .. }, (true, false)) => take_sql!("", cap_sql!(principal)),
            (Database::Sqlite { .. }, (false, true)) => take_sql!("", cap_sql!(key)),
            (Database::Sqlite { .. }, (false, false)) => take_sql!("", concat!(cap_sql!(key), cap_sql!(principal))),
        };
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
        self.alone(sql, taken).await?.first().map(wrapping_rows::of_row).transpose()
    }

    /// Counts what the key and the principal may still have. Where it cannot be counted, the next issue counts again.
    async fn count_headroom(&self, issue: &Issue, caps: SetCaps) {
        let since = self.headroom.counting();
        let mut rooms = [0, 0];
        for (room, (_, most, sql, args)) in rooms.iter_mut().zip(cap_questions(issue, caps)) {
            let Ok(rows) = self.rows(sql, args).await else { return };
            let Some(Ok(held)) = rows.first().map(|row| row.count("held")) else { return };
            *room = most.saturating_sub(held);
        }
        self.headroom.counted(issue, rooms, since);
    }

    /// Whose live sets are as many as may be, and when the first of them ends, for who would be issued one more.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn reached_cap(&self, issue: &Issue, caps: SetCaps) -> Result<Option<(SetHolder, Timestamp)>, Error> {
        for (holder, most, sql, args) in cap_questions(issue, caps) {
            if let Some(until) = reached(self.rows(sql, args).await?.first(), most)? {
                return Ok(Some((holder, until)));
            }
        }
        Ok(None)
    }
}

/// Whether as many sets of the key or the principal are live as may be: whose, how many may be, and the question with its values.
fn cap_questions(issue: &Issue, caps: SetCaps) -> [(SetHolder, u32, &'static str, Vec<Value>); 2] {
    let of_key = "SELECT COUNT(*) AS held, MIN(expires_at) AS until FROM (SELECT expires_at FROM wrapping_keys \
                  WHERE state = 'issued' AND key_id = $1 AND expires_at > $2 ORDER BY expires_at LIMIT $3) AS held";
    let of_principal = "SELECT COUNT(*) AS held, MIN(expires_at) AS until FROM (SELECT expires_at FROM wrapping_keys \
                        WHERE state = 'issued' AND account = $1 AND principal = $4 AND expires_at > $2 \
                        ORDER BY expires_at LIMIT $3) AS held";
    let Issue { key, account, principal, issued_at, .. } = issue;
    let (most, more) = (caps.per_key, caps.per_principal);
    [
        (SetHolder::Key, most, of_key, args![key.as_str(), *issued_at, most]),
        (SetHolder::Principal, more, of_principal, args![account.as_str(), *issued_at, more, principal.as_str()]),
    ]
}

fn reached(row: Option<&Row>, most: u32) -> Result<Option<Timestamp>, Error> {
    match row {
        Some(row) if row.count("held")? >= most => row.time("until").map(Some),
        _ => Ok(None),
    }
}

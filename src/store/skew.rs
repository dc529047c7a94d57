//! How far a clock is from the database's, which is the one that all replicas share.

use std::time::{Duration, Instant};

use super::connection::Database;
use super::value::args;
use super::{Error, Store};
use crate::model::{Skew, Timestamp};

/// How often it is asked, for a round trip that is short.
const TRIES: usize = 5;

/// A round trip that is short enough: what a clock moves meanwhile is not known.
const SHORT: Duration = Duration::from_millis(100);

/// The longest round trip that says anything.
const LONGEST: Duration = Duration::from_secs(1);

impl Store {
    /// How far the clock that `now` reads is from the database's, as far as that is certain; `None` where the database has none
    /// of its own, which is where one process alone writes it.
    ///
    /// # Errors
    /// Where the database cannot be asked, or takes too long for its answer to say what time it is.
    pub async fn skew(&self, now: impl Fn() -> Timestamp) -> Result<Option<Skew>, Error> {
        if matches!(self.database, Database::Sqlite { .. }) {
            return Ok(None);
        }
        let mut best: Option<(Duration, Skew)> = None;
        for _ in 0..TRIES {
            let (before, began) = (now(), Instant::now());
            let rows = self.rows(NOW, args![]).await?;
            let (after, took) = (now(), began.elapsed());
            let theirs = rows.first().map(|row| row.time("now")).transpose()?;
            let theirs = theirs.ok_or_else(|| Error::Corrupt("no time".to_owned()))?;
            if best.is_none_or(|(shortest, _)| took < shortest) {
                best = Some((took, Skew::between(before, after, theirs)));
            }
            if took <= SHORT {
                break;
            }
        }
        match best {
            Some((took, skew)) if took <= LONGEST => Ok(Some(skew)),
            _ => Err(Error::Unreachable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
        }
    }
}

/// The moment of the statement, and not that of its transaction.
const NOW: &str = "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT) AS now";

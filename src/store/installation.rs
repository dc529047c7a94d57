//! Whose record this is: the id that database and token share.

use super::transaction::transact;
use super::value::args;
use super::{Error, Store, migrations};
use crate::model::{InstallationId, Timestamp};

/// The schema of the first program that knows of more than one token.
const SEVERAL_TOKENS: i64 = 7;

impl Store {
    /// Records that the tokens of these serial numbers are served with. Where there is more than one by now, no program goes on that knows
    /// of one only.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn serve_with(&self, tokens: &[&str], now: Timestamp) -> Result<(), Error> {
        let known = self.tokens().await?;
        if tokens.iter().all(|token| known.iter().any(|known| known == token)) {
            return Ok(());
        }
        transact!(self, |tx| {
            for token in tokens {
                let sql = "INSERT INTO tokens (serial, first_seen_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                tx.execute(sql, args![*token, now]).await?;
            }
            let sql = "UPDATE schema_versions SET oldest = $1 WHERE oldest < $1 AND 1 < (SELECT COUNT(*) FROM tokens)";
            tx.execute(sql, args![SEVERAL_TOKENS]).await.map(drop)
        })
    }

    /// The serial numbers of all tokens that were served with, ever.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn tokens(&self) -> Result<Vec<String>, Error> {
        self.rows("SELECT serial FROM tokens ORDER BY serial", args![]).await?.iter().map(|row| row.get("serial")).collect()
    }

    /// Whether a newer program has said meanwhile that this one may not serve any more.
    ///
    /// # Errors
    /// [`Error::Newer`] where it has.
    pub async fn require_served(&self) -> Result<(), Error> {
        let rows = self.rows("SELECT version, oldest FROM schema_versions", args![]).await?;
        match rows.first() {
            Some(row) => migrations::require_served(row.get("version")?, row.optional("oldest")?),
            None => Err(Error::Corrupt("schema_versions".to_owned())),
        }
    }

    /// The installation that this record belongs to; `None` before [`Store::install`].
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn installation(&self) -> Result<Option<InstallationId>, Error> {
        let rows = self.rows("SELECT id FROM installation", args![]).await?;
        let id = |text: &str| uuid::Uuid::try_parse(text).ok().map(InstallationId);
        rows.first().map(|row| row.parsed("id", id)).transpose()
    }

    /// Makes this record that of `id`, for good.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it has an id already.
    pub async fn install(&self, id: InstallationId) -> Result<(), Error> {
        transact!(self, |tx| {
            let sql = "INSERT INTO installation (only_row, id) VALUES (1, $1) ON CONFLICT DO NOTHING";
            tx.change(sql, args![id.to_string().as_str()]).await
        })
    }

    /// Whether nothing was ever recorded but, maybe, the installation: no key, no wrapping key, no claim.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM keys UNION ALL SELECT 1 FROM wrapping_keys UNION ALL SELECT 1 FROM claims LIMIT 1";
        Ok(self.rows(sql, args![]).await?.is_empty())
    }
}

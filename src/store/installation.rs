//! Whose record this is: the id that database and token share.

use super::transaction::transact;
use super::value::args;
use super::{Error, Store, migrations};
use crate::model::InstallationId;

impl Store {
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

//! Aliases. A name is one row, so that it is of one key; the row goes with its key.

use super::rows::Row;
use super::transaction::{Transaction, transact};
use super::value::args;
use super::{Error, Store};
use crate::model::{Account, Alias, AliasName, KeyId, Timestamp};

/// What became of an alias that was to be a key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointed {
    /// It is.
    Pointed,
    /// There is one of this name already.
    Taken,
    /// The key has as many as it may.
    TooMany,
}

impl Store {
    /// Records a new alias, of a key that has fewer than `most`.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the key is gone or about to go.
    pub async fn create_alias(&self, alias: &Alias, most: u32) -> Result<Pointed, Error> {
        transact!(self, |tx| {
            let Alias { account, name, key, created_at, updated_at } = alias;
            if tx.alias(account, name).await?.is_some() {
                return Ok(Pointed::Taken);
            }
            if !tx.has_room(account, key, most).await? {
                return Ok(Pointed::TooMany);
            }
            let sql = "INSERT INTO aliases (account, name, key_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)";
            let args = args![account.as_str(), name.as_str(), key.as_str(), *created_at, *updated_at];
            tx.execute(sql, args).await?;
            Ok(Pointed::Pointed)
        })
    }

    /// Gives an alias to another key, one that has fewer than `most`.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not `alias.key`'s any more, or the other key is gone or about to go.
    pub async fn update_alias(&self, alias: &Alias, to: &KeyId, most: u32, now: Timestamp) -> Result<Pointed, Error> {
        transact!(self, |tx| {
            let Alias { account, name, key, .. } = alias;
            if to != key && !tx.has_room(account, to, most).await? {
                return Ok(Pointed::TooMany);
            }
            let sql = "UPDATE aliases SET key_id = $4, updated_at = $5 WHERE account = $1 AND name = $2 AND key_id = $3";
            tx.change(sql, args![account.as_str(), name.as_str(), key.as_str(), to.as_str(), now]).await?;
            Ok(Pointed::Pointed)
        })
    }

    /// Forgets an alias.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not `alias.key`'s any more.
    pub async fn delete_alias(&self, alias: &Alias) -> Result<(), Error> {
        transact!(self, |tx| {
            let sql = "DELETE FROM aliases WHERE account = $1 AND name = $2 AND key_id = $3";
            tx.change(sql, args![alias.account.as_str(), alias.name.as_str(), alias.key.as_str()]).await
        })
    }

    /// The alias of this account and name.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn alias(&self, account: &Account, name: &AliasName) -> Result<Option<Alias>, Error> {
        self.rows(ONE, args![account.as_str(), name.as_str()]).await?.first().map(of_row).transpose()
    }

    /// Up to `limit` of the account's aliases, of one key or of all, in the order of their names, from behind `after`.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn list_aliases(
        &self,
        account: &Account,
        of: Option<&KeyId>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Alias>, Error> {
        // No text comes before any text.
        let after = after.unwrap_or("");
        let rows = match of {
            Some(key) => {
                let sql = "SELECT account, name, key_id, created_at, updated_at FROM aliases \
                           WHERE account = $1 AND key_id = $2 AND name > $3 ORDER BY name LIMIT $4";
                self.rows(sql, args![account.as_str(), key.as_str(), after, limit]).await?
            }
            None => {
                let sql = "SELECT account, name, key_id, created_at, updated_at FROM aliases \
                           WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3";
                self.rows(sql, args![account.as_str(), after, limit]).await?
            }
        };
        rows.iter().map(of_row).collect()
    }
}

const ONE: &str = "SELECT account, name, key_id, created_at, updated_at FROM aliases WHERE account = $1 AND name = $2";

impl Transaction {
    async fn alias(&mut self, account: &Account, name: &AliasName) -> Result<Option<Alias>, Error> {
        self.row(ONE, args![account.as_str(), name.as_str()]).await?.as_ref().map(of_row).transpose()
    }

    /// Whether a key has fewer than `most`, where it is there to have any.
    async fn has_room(&mut self, account: &Account, key: &KeyId, most: u32) -> Result<bool, Error> {
        let there = "SELECT id FROM keys WHERE account = $1 AND id = $2 AND deletion_at IS NULL";
        self.row(there, args![account.as_str(), key.as_str()]).await?.ok_or(Error::Conflict)?;
        let counted = self.row("SELECT count(*) AS aliases FROM aliases WHERE key_id = $1", args![key.as_str()]).await?;
        Ok(counted.map_or(Ok(0), |row| row.count("aliases"))? < most)
    }
}

fn of_row(row: &Row) -> Result<Alias, Error> {
    Ok(Alias {
        account: row.parsed("account", Account::parse)?,
        name: row.parsed("name", AliasName::find)?,
        key: row.parsed("key_id", KeyId::parse)?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

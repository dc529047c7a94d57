//! Imports that wait for a second principal: one for a set, as it came, for as long as the set lasts.

use super::rows::{Row, corrupt};
use super::transaction::transact;
use super::value::args;
use super::{Error, Store};
use crate::model::key::Arrival;
use crate::model::{Account, Expiration, KeyId, KeyMaterialId, PendingImport, RequestDigest, Timestamp, WrappingKeyId};

/// What became of an import that is to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It waits, or did already.
    Held,
    /// Another import waits under the same set.
    Occupied,
}

/// The columns that [`of_row`] reads.
macro_rules! pending_columns {
    () => {
        "p.wrapping_key, p.digest, p.key_id, p.account, p.principal, p.requested_at, p.expires_at, p.import_token, \
         p.ciphertext, p.valid_to, p.import_type, p.description, p.material_id, w.algorithm, w.path"
    };
}

/// What waits still could happen: its set is neither used nor over at `$1`.
macro_rules! waiting {
    () => {
        " FROM pending_imports p JOIN wrapping_keys w ON w.id = p.wrapping_key WHERE w.state = 'issued' AND p.expires_at > $1"
    };
}

impl Store {
    /// Has an import wait.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn hold_import(&self, pending: &PendingImport) -> Result<Held, Error> {
        transact!(self, |tx| {
            let sql = "SELECT digest FROM pending_imports WHERE wrapping_key = $1";
            if let Some(row) = tx.row(sql, args![&pending.wrapping_key]).await? {
                let same = RequestDigest(row.array("digest")?) == pending.digest;
                return Ok(if same { Held::Held } else { Held::Occupied });
            }
            let sql = "INSERT INTO pending_imports (wrapping_key, digest, key_id, account, principal, requested_at, \
                       expires_at, import_token, ciphertext, valid_to, import_type, description, material_id) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
            let Arrival { import_type, material_id, description, expiration } = &pending.arrival;
            let valid_to = match expiration {
                Expiration::At(end) => Some(*end),
                Expiration::Never => None,
            };
            let args = args![
                &pending.wrapping_key,
                pending.digest.0.as_slice(),
                pending.key.as_str(),
                pending.account.as_str(),
                pending.principal.as_str(),
                pending.requested_at,
                pending.expires_at,
                pending.import_token.as_slice(),
                pending.ciphertext.as_slice(),
                valid_to,
                import_type.map(|kind| kind.as_str().to_owned()),
                description.clone(),
                material_id.as_ref().map(|id| id.0.as_slice()),
            ];
            tx.execute(sql, args).await?;
            Ok(Held::Held)
        })
    }

    /// The import of this account that waits under this digest at `now`.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn pending_import(
        &self,
        account: &Account,
        digest: &RequestDigest,
        now: Timestamp,
    ) -> Result<Option<PendingImport>, Error> {
        let sql = concat!("SELECT ", pending_columns!(), waiting!(), " AND p.account = $2 AND p.digest = $3");
        let rows = self.rows(sql, args![now, account.as_str(), digest.0.as_slice()]).await?;
        rows.first().map(of_row).transpose()
    }

    /// Up to `limit` imports of this account that wait at `now`, the oldest first, from behind `after`.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn pending_imports(
        &self,
        account: &Account,
        now: Timestamp,
        after: Option<(Timestamp, WrappingKeyId)>,
        limit: u32,
    ) -> Result<Vec<PendingImport>, Error> {
        let sql = concat!(
            "SELECT ",
            pending_columns!(),
            waiting!(),
            " AND p.account = $2 AND (p.requested_at > $3 OR (p.requested_at = $3 AND p.wrapping_key > $4)) \
             ORDER BY p.requested_at, p.wrapping_key LIMIT $5"
        );
        let (since, id) = after.map_or((i64::MIN, String::new()), |(at, id)| (at.as_millis(), id.to_string()));
        let rows = self.rows(sql, args![now, account.as_str(), since, id.as_str(), limit]).await?;
        rows.iter().map(of_row).collect()
    }

    /// Takes an import out that waited; whether it did still.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn take_pending_import(&self, pending: &PendingImport) -> Result<bool, Error> {
        transact!(self, |tx| {
            let sql = "DELETE FROM pending_imports WHERE wrapping_key = $1 AND digest = $2";
            Ok(tx.execute(sql, args![&pending.wrapping_key, pending.digest.0.as_slice()]).await? > 0)
        })
    }

    /// Forgets imports that can happen no more: their sets are used, dead, or over at `now`.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn forget_pending_imports_of_ended_sets(&self, now: Timestamp) -> Result<(), Error> {
        transact!(self, |tx| {
            let sql = "DELETE FROM pending_imports WHERE expires_at <= $1 OR NOT EXISTS (SELECT 1 FROM wrapping_keys w \
                       WHERE w.id = pending_imports.wrapping_key AND w.state = 'issued')";
            tx.execute(sql, args![now]).await.map(drop)
        })
    }
}

fn of_row(row: &Row) -> Result<PendingImport, Error> {
    let expiration = match row.optional::<i64>("valid_to")? {
        Some(end) => Expiration::At(Timestamp::from_millis(end)),
        None => Expiration::Never,
    };
    let import_type = row.optional::<String>("import_type")?;
    let import_type = import_type.map(|name| name.parse().map_err(|_| corrupt("import_type"))).transpose()?;
    Ok(PendingImport {
        wrapping_key: row.wrapping_key_id("wrapping_key")?,
        digest: RequestDigest(row.array("digest")?),
        key: row.parsed("key_id", KeyId::parse)?,
        account: row.parsed("account", Account::parse)?,
        principal: row.get("principal")?,
        requested_at: row.time("requested_at")?,
        expires_at: row.time("expires_at")?,
        algorithm: row.named("algorithm")?,
        path: row.named("path")?,
        import_token: row.get("import_token")?,
        ciphertext: row.get("ciphertext")?,
        arrival: Arrival {
            import_type,
            material_id: row.optional_array("material_id")?.map(KeyMaterialId),
            description: row.optional("description")?,
            expiration,
        },
    })
}

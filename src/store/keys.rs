//! Keys. A key is read, changed by the model and saved whole; a save finds the version that was read, or nothing.

use super::materials::{self, material_columns};
use super::rows::{Row, corrupt};
use super::transaction::{Transaction, transact};
use super::value::args;
use super::{Error, Store};
use crate::model::key::Deletion;
use crate::model::{Account, Key, KeyId, ObjectId, Tags, Timestamp};

impl Store {
    /// Records a new key, in version 0. `settled` is the claim under which the token made its material.
    ///
    /// # Errors
    /// [`Error::Conflict`] where that claim is gone: recovery has given it up.
    pub async fn insert_key(&self, key: &Key, settled: Option<ObjectId>) -> Result<(), Error> {
        transact!(self, |tx| {
            if let Some(object) = settled {
                tx.change("DELETE FROM claims WHERE object = $1", args![&object]).await?;
            }
            tx.insert_key(key).await?;
            tx.write_materials(key).await
        })
    }

    /// The key of this account and id, its materials in the order they were added.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn key(&self, account: &Account, id: &KeyId) -> Result<Option<Key>, Error> {
        let sql = concat!(
            "SELECT k.id, k.account, k.spec, k.usage, k.origin, k.description, k.enabled, k.created_at, k.deletion_at, \
             k.deletion_window_days, k.token, k.version, k.tags, k.policy, r.known, ",
            material_columns!(),
            " FROM keys k LEFT JOIN relations r ON r.key_id = k.id LEFT JOIN materials m ON m.key_id = k.id \
             WHERE k.account = $1 AND k.id = $2 ORDER BY m.place"
        );
        let rows = self.rows(sql, args![account.as_str(), id.as_str()]).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let mut key = of_row(first)?;
        for row in &rows {
            key.materials.extend(materials::of_row(row)?);
        }
        Ok(Some(key))
    }

    /// Up to `limit` ids of the account's keys, in order, from behind `after`.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn list_keys(&self, account: &Account, after: Option<&KeyId>, limit: u32) -> Result<Vec<KeyId>, Error> {
        let sql = "SELECT id FROM keys WHERE account = $1 AND id > $2 ORDER BY id LIMIT $3";
        // No text comes before any text.
        let rows = self.rows(sql, args![account.as_str(), after.map_or("", KeyId::as_str), limit]).await?;
        rows.iter().map(|row| row.parsed("id", KeyId::parse)).collect()
    }

    /// Records what has become of a key, in the version after the one it was read in, and which objects that dooms.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it was changed since it was read.
    pub async fn save_key(&self, key: &Key, doomed: &[ObjectId], now: Timestamp) -> Result<(), Error> {
        transact!(self, |tx| {
            if !tx.save_key(key).await? {
                return Err(Error::Conflict);
            }
            tx.doom(doomed, &key.token, now).await
        })
    }

    /// Forgets a key and its materials, and records which objects that dooms.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it was changed since it was read.
    pub async fn remove_key(&self, key: &Key, doomed: &[ObjectId], now: Timestamp) -> Result<(), Error> {
        transact!(self, |tx| {
            let sql = "DELETE FROM keys WHERE account = $1 AND id = $2 AND version = $3";
            tx.change(sql, args![key.account.as_str(), key.id.as_str(), key.version]).await?;
            tx.doom(doomed, &key.token, now).await
        })
    }

    /// Keys with present material whose time is over at `now`, the longest over first; at most `limit`.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn keys_with_expired_material(&self, now: Timestamp, limit: u32) -> Result<Vec<(Account, KeyId)>, Error> {
        let sql = "SELECT k.account, k.id FROM materials m JOIN keys k ON k.id = m.key_id \
                   WHERE m.presence = 'imported' AND m.valid_to IS NOT NULL AND m.valid_to <= $1 \
                   ORDER BY m.valid_to LIMIT $2";
        let mut keys = Vec::new();
        for row in self.rows(sql, args![now, limit]).await? {
            let named = name(&row)?;
            // A key whose materials ended together is still one key.
            if !keys.contains(&named) {
                keys.push(named);
            }
        }
        Ok(keys)
    }

    /// Keys whose scheduled deletion is due at `now`, the longest due first; at most `limit`.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn keys_due_for_deletion(&self, now: Timestamp, limit: u32) -> Result<Vec<(Account, KeyId)>, Error> {
        let sql = "SELECT account, id FROM keys WHERE deletion_at IS NOT NULL AND deletion_at <= $1 \
                   AND NOT EXISTS (SELECT 1 FROM relations r WHERE r.key_id = keys.id AND r.leaving = 1) \
                   ORDER BY deletion_at LIMIT $2";
        self.rows(sql, args![now, limit]).await?.iter().map(name).collect()
    }

    /// Keys of which other Regions have still to hear something, in the order of their ids, from behind `after`; at most `limit`.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn owing_keys(&self, after: Option<&KeyId>, limit: u32) -> Result<Vec<(Account, KeyId)>, Error> {
        let sql = "SELECT k.account, k.id FROM relations r JOIN keys k ON k.id = r.key_id \
                   WHERE r.owes = 1 AND r.key_id > $1 ORDER BY r.key_id LIMIT $2";
        self.rows(sql, args![after.map_or("", KeyId::as_str), limit]).await?.iter().map(name).collect()
    }
}

impl Transaction {
    async fn insert_key(&mut self, key: &Key) -> Result<(), Error> {
        let Key {
            id,
            account,
            spec,
            usage,
            origin,
            description,
            tags,
            policy,
            enabled,
            created_at,
            deletion,
            token,
            materials: _,
            relations: _,
            version: _,
        } = key;
        let sql = "INSERT INTO keys (id, account, spec, usage, origin, description, enabled, created_at, deletion_at, \
                   deletion_window_days, token, version, tags, policy) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13)";
        let args = args![
            id.as_str(),
            account.as_str(),
            spec.as_str(),
            usage.as_str(),
            origin.as_str(),
            description.as_str(),
            u32::from(*enabled),
            *created_at,
            deletion.and_then(|deletion| deletion.at),
            deletion.map(|deletion| deletion.window_in_days),
            token.as_str(),
            json(tags).as_str(),
            policy.clone(),
        ];
        self.execute(sql, args).await?;
        self.write_relations(key).await
    }

    /// Writes what of a key can change, unless it was changed since it was read. What a key is never changes.
    pub(super) async fn save_key(&mut self, key: &Key) -> Result<bool, Error> {
        let sql = "UPDATE keys SET description = $4, enabled = $5, deletion_at = $6, deletion_window_days = $7, tags = $8, \
                   policy = $9, version = version + 1 WHERE account = $1 AND id = $2 AND version = $3";
        let args = args![
            key.account.as_str(),
            key.id.as_str(),
            key.version,
            key.description.as_str(),
            u32::from(key.enabled),
            key.deletion.and_then(|deletion| deletion.at),
            key.deletion.map(|deletion| deletion.window_in_days),
            json(&key.tags).as_str(),
            key.policy.clone(),
        ];
        if self.execute(sql, args).await? == 0 {
            return Ok(false);
        }
        self.write_relations(key).await?;
        self.write_materials(key).await?;
        Ok(true)
    }

    /// A key that was related once stays so.
    async fn write_relations(&mut self, key: &Key) -> Result<(), Error> {
        let Some(relations) = key.relations.as_deref() else { return Ok(()) };
        let sql = "INSERT INTO relations (key_id, known, owes, leaving, updating) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (key_id) DO UPDATE SET known = excluded.known, owes = excluded.owes, \
                   leaving = excluded.leaving, updating = excluded.updating";
        let args = args![
            key.id.as_str(),
            serde_json::json!(relations).to_string().as_str(),
            u32::from(relations.owes()),
            u32::from(relations.is_leaving),
            u32::from(relations.handing_over.is_some()),
        ];
        self.execute(sql, args).await.map(drop)
    }
}

fn json(tags: &Tags) -> String {
    serde_json::json!(tags).to_string()
}

fn name(row: &Row) -> Result<(Account, KeyId), Error> {
    Ok((row.parsed("account", Account::parse)?, row.parsed("id", KeyId::parse)?))
}

/// The key in a row, without its materials.
fn of_row(row: &Row) -> Result<Key, Error> {
    let (account, id) = name(row)?;
    let at = row.optional::<i64>("deletion_at")?.map(Timestamp::from_millis);
    // Of a primary that waits for its replicas to go the window alone is known.
    let is_scheduled = at.is_some() || row.optional::<i64>("deletion_window_days")?.is_some();
    let deletion = match is_scheduled {
        true => Some(Deletion { at, window_in_days: row.count("deletion_window_days")? }),
        false => None,
    };
    let relations = row.optional::<String>("known")?.map(|json| serde_json::from_str(&json));
    Ok(Key {
        id,
        account,
        spec: row.named("spec")?,
        usage: row.named("usage")?,
        origin: row.named("origin")?,
        description: row.get("description")?,
        tags: row.parsed("tags", |json| serde_json::from_str(json).ok())?,
        policy: row.optional("policy")?,
        enabled: row.get::<i64>("enabled")? != 0,
        created_at: row.time("created_at")?,
        deletion,
        token: row.get("token")?,
        materials: Vec::new(),
        relations: relations.transpose().map_err(|_| corrupt("known"))?,
        version: row.get("version")?,
    })
}

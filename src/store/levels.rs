//! How many there are: pairs in the pools, and objects that the record says are in the token.

use std::collections::BTreeMap;

use super::transaction::transact;
use super::value::args;
use super::wrapping_rows::pair_kind;
use super::{Error, Store};
use crate::model::{PairKind, Timestamp};

/// How many pairs of a kind a pool has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// To be handed out.
    pub ready: u32,
    /// Under way, by whichever replica.
    pub making: u32,
}

/// How full a token was at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadSample {
    /// When.
    pub at: Timestamp,
    /// Objects that the record said were in the token.
    pub objects: u32,
}

impl Store {
    /// The pools' levels in the token of this serial number. Kinds of which there is nothing are left out.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn pair_levels(&self, token: &str) -> Result<BTreeMap<PairKind, Level>, Error> {
        let sql = "SELECT spec, pair_use, COUNT(*) AS ready, 0 AS making FROM wrapping_keys \
                   WHERE state = 'ready' AND token = $1 GROUP BY spec, pair_use \
                   UNION ALL SELECT spec, pair_use, 0, COUNT(*) FROM wrapping_keys \
                   WHERE state = 'making' AND token = $1 GROUP BY spec, pair_use";
        let mut levels: BTreeMap<PairKind, Level> = BTreeMap::new();
        for row in self.rows(sql, args![token]).await? {
            let level = levels.entry(pair_kind(&row)?).or_default();
            level.ready += row.count("ready")?;
            level.making += row.count("making")?;
        }
        Ok(levels)
    }

    /// How many objects are, may be or are about to be in the token of this serial number by the record: claims, wrapping keys that have not come to
    /// an end, present material, and what is doomed; of what is not said where it is, all. Grows by what is claimed or begun, and shrinks by what is destroyed.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn live_objects(&self, token: &str) -> Result<u32, Error> {
        // State by state: each has an index of its own.
        // Materials by what is in other tokens: with one token that is nothing, and no material's key is looked at.
        let sql = "SELECT (SELECT COUNT(*) FROM claims WHERE token IN ($1, '')) \
                   + (SELECT COUNT(*) FROM doomed WHERE token IN ($1, '')) \
                   + (SELECT COUNT(*) FROM materials WHERE presence = 'imported') \
                   - (SELECT COUNT(*) FROM keys k JOIN materials m ON m.key_id = k.id \
                      WHERE (k.token < $1 OR k.token > $1) AND m.presence = 'imported') \
                   + (SELECT COUNT(*) FROM wrapping_keys WHERE state = 'making' AND token = $1) \
                   + (SELECT COUNT(*) FROM wrapping_keys WHERE state = 'ready' AND token = $1) \
                   + (SELECT COUNT(*) FROM wrapping_keys WHERE state = 'issued' AND token = $1) AS live";
        let rows = self.rows(sql, args![token]).await?;
        rows.first().map_or(Ok(0), |row| row.count("live"))
    }

    /// How many keys are at home in the token of this serial number, are for imported material, and have none. Looks at each of its keys.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn keys_without_material(&self, token: &str) -> Result<u32, Error> {
        let sql = "SELECT COUNT(*) AS waiting FROM keys k WHERE k.token = $1 AND k.origin = 'EXTERNAL' \
                   AND NOT EXISTS (SELECT 1 FROM materials m WHERE m.key_id = k.id AND m.presence = 'imported')";
        let rows = self.rows(sql, args![token]).await?;
        rows.first().map_or(Ok(0), |row| row.count("waiting"))
    }

    /// Records how full the token is, and forgets samples from before `before`. Of several at one moment the first counts.
    ///
    /// # Errors
    /// Where the record cannot be changed.
    pub async fn sample_load(&self, sample: LoadSample, before: Timestamp) -> Result<(), Error> {
        transact!(self, |tx| {
            tx.execute("DELETE FROM load_samples WHERE at < $1", args![before]).await?;
            let sql = "INSERT INTO load_samples (at, objects) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            tx.execute(sql, args![sample.at, sample.objects]).await.map(drop)
        })
    }

    /// The samples since `since`, the oldest first.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn load_samples(&self, since: Timestamp) -> Result<Vec<LoadSample>, Error> {
        let rows = self.rows("SELECT at, objects FROM load_samples WHERE at >= $1 ORDER BY at", args![since]).await?;
        rows.iter().map(|row| Ok(LoadSample { at: row.time("at")?, objects: row.count("objects")? })).collect()
    }
}

//! What should be in the token, and what of the token's nobody here knows: the two sides of a sweep.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::value::{Value, args};
use super::{Error, Store};
use crate::model::ObjectId;

/// Objects asked for by one statement. Fixed, so that its text is always the same and stays prepared.
pub(super) const CHUNK: usize = 100;

impl Store {
    /// Those of `objects` that no row names: not claimed, not a living wrapping key's, not present material's, not doomed.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn unknown_objects(&self, objects: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        let mut unknown = Vec::new();
        for chunk in objects.chunks(CHUNK) {
            // One statement, so that an object which moves from a claim to a key is seen in one place or the other.
            let rows = self.rows(&KNOWN, padded(chunk)).await?;
            let known: HashSet<ObjectId> = rows.iter().map(|row| row.object("object")).collect::<Result<_, _>>()?;
            unknown.extend(chunk.iter().filter(|object| !known.contains(*object)));
        }
        Ok(unknown)
    }

    /// Up to `limit` of the objects that must be in the token of this serial number, in order, from behind `after`: those of ready and issued
    /// wrapping keys and of present material.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn expected_objects(&self, token: &str, after: Option<ObjectId>, limit: u32) -> Result<Vec<ObjectId>, Error> {
        let sql = "SELECT object FROM wrapping_keys WHERE state IN ('ready', 'issued') AND object > $1 AND token = $3 \
                   UNION ALL SELECT m.object FROM materials m JOIN keys k ON k.id = m.key_id \
                   WHERE m.presence = 'imported' AND m.object > $1 AND k.token = $3 ORDER BY object LIMIT $2";
        // No bytes come before any bytes.
        let after = after.map_or(Vec::new(), |object| object.0.to_vec());
        let rows = self.rows(sql, args![after.as_slice(), limit, token]).await?;
        rows.iter().map(|row| row.object("object")).collect()
    }
}

/// The ids of a statement that takes [`CHUNK`]: the last one repeats to fill it. Of none, none.
pub(super) fn padded(chunk: &[ObjectId]) -> Vec<Value> {
    chunk.iter().chain(chunk.last().into_iter().cycle()).take(CHUNK).map(Value::from).collect()
}

/// `$1, $2, …`, [`CHUNK`] of them.
pub(super) static PLACES: LazyLock<String> =
    LazyLock::new(|| (1..=CHUNK).map(|n| format!("${n}")).collect::<Vec<_>>().join(", "));

static KNOWN: LazyLock<String> = LazyLock::new(|| {
    let places = &*PLACES;
    format!(
        "SELECT object FROM claims WHERE object IN ({places}) \
         UNION ALL SELECT object FROM doomed WHERE object IN ({places}) \
         UNION ALL SELECT object FROM materials WHERE presence = 'imported' AND object IN ({places}) \
         UNION ALL SELECT object FROM wrapping_keys WHERE state IN ('making', 'ready', 'issued') AND object IN ({places})"
    )
});

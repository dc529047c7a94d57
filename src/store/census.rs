//! What the record is full of, counted: keys by their states, materials by how soon they end, and what waits.
//!
//! Each count reads all there is of its kind. Whoever asks often keeps the answer for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use super::value::args;
use super::{Error, Store};
use crate::model::{KeyState, Timestamp};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// Within what time materials are counted that end, and what that is called.
pub const HORIZONS: [(&str, Duration); 5] = [
    ("1h", Duration::from_secs(HOUR)),
    ("1d", Duration::from_secs(DAY)),
    ("7d", Duration::from_secs(7 * DAY)),
    ("30d", Duration::from_secs(30 * DAY)),
    ("90d", Duration::from_secs(90 * DAY)),
];

/// The counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// When it was so.
    pub at: Timestamp,
    /// Keys in each state that any is in.
    pub keys: BTreeMap<KeyState, u32>,
    /// Materials that end within each of [`HORIZONS`], those of the shorter ones among them.
    pub ending: [u32; HORIZONS.len()],
    /// Materials that end at all.
    pub mortal: u32,
    /// When the next of them ends, which may be over.
    pub next_end: Option<Timestamp>,
    /// Imports that wait for approval.
    pub pending: u32,
    /// Objects that are of no more use and not known to be gone.
    pub doomed: u32,
    /// Multi-Region keys of which another Region has still to hear something.
    pub untold: u32,
}

impl Store {
    /// Counts what there is at `now`.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn census(&self, now: Timestamp) -> Result<Census, Error> {
        // As `Key::state` has it; a material that waits for its rotation is none yet. Key by key: to group the materials first takes
        // as long, and a sort besides.
        let sql = "SELECT state, COUNT(*) AS keys FROM (SELECT CASE WHEN deletion_at IS NOT NULL THEN 'PendingDeletion' \
                   WHEN deletion_window_days IS NOT NULL THEN 'PendingReplicaDeletion' \
                   WHEN EXISTS (SELECT 1 FROM relations r WHERE r.key_id = k.id AND r.updating = 1) THEN 'Updating' \
                   WHEN COALESCE((SELECT MAX(CASE WHEN presence = 'imported' AND (valid_to IS NULL OR valid_to > $1) THEN 0 \
                   ELSE 1 END) FROM materials m WHERE m.key_id = k.id AND m.rotation NOT LIKE 'PENDING%'), 1) = 1 \
                   THEN 'PendingImport' WHEN enabled = 1 THEN 'Enabled' ELSE 'Disabled' END AS state FROM keys k) AS s \
                   GROUP BY state";
        let mut census = Census {
            at: now,
            keys: BTreeMap::new(),
            ending: Default::default(),
            mortal: 0,
            next_end: None,
            pending: 0,
            doomed: 0,
            untold: 0,
        };
        for row in self.rows(sql, args![now]).await? {
            census.keys.insert(row.named("state")?, row.count("keys")?);
        }
        let sql = "SELECT COUNT(*) AS mortal, MIN(valid_to) AS next_end, \
                   COUNT(CASE WHEN valid_to <= $1 THEN 1 END) AS ending_0, \
                   COUNT(CASE WHEN valid_to <= $2 THEN 1 END) AS ending_1, \
                   COUNT(CASE WHEN valid_to <= $3 THEN 1 END) AS ending_2, \
                   COUNT(CASE WHEN valid_to <= $4 THEN 1 END) AS ending_3, \
                   COUNT(CASE WHEN valid_to <= $5 THEN 1 END) AS ending_4 \
                   FROM materials WHERE presence = 'imported' AND valid_to IS NOT NULL";
        let args = HORIZONS.iter().flat_map(|(_, horizon)| args![now.after(*horizon)]).collect();
        for row in self.rows(sql, args).await? {
            census.mortal = row.count("mortal")?;
            census.next_end = row.optional("next_end")?.map(Timestamp::from_millis);
            for (place, ending) in census.ending.iter_mut().enumerate() {
                *ending = row.count(&format!("ending_{place}"))?;
            }
        }
        let sql = "SELECT (SELECT COUNT(*) FROM pending_imports) AS pending, (SELECT COUNT(*) FROM doomed) AS doomed, \
                   (SELECT COUNT(*) FROM relations WHERE owes = 1) AS untold";
        for row in self.rows(sql, args![]).await? {
            (census.pending, census.doomed) = (row.count("pending")?, row.count("doomed")?);
            census.untold = row.count("untold")?;
        }
        Ok(census)
    }
}

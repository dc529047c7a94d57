//! What a start makes good: everything that was cut off when the service last ended.
//!
//! Records name every object from before it exists until after it is gone, so what a crash leaves is found by its record.
//! An object that no record names is not a crash's doing: it tells of a database older than the token, and is left alone.

use std::collections::HashSet;
use std::time::Duration;

use super::{Error, Service, StartError};
use crate::hsm::Found;
use crate::model::key_spec::HmacHash;
use crate::model::{Claim, KeyUsage, MaterialKind, ObjectId, ObjectKind};

/// How many ids are compared in one go.
const BATCH: u32 = 1000;

impl Service {
    /// Brings token and record together again.
    ///
    /// # Errors
    /// Where the token or the store fails.
    pub(super) async fn recover(&self) -> Result<(), Error> {
        // Other replicas' claims may be at work; over SQLite, which one process holds, there are no others.
        let before = match self.store.kind() {
            "sqlite" => self.clock.now().after(Duration::from_millis(1)),
            _ => self.clock.now().before(Duration::from_secs(10 * 60)),
        };
        self.end_stale_claims(before).await?;
        crate::failpoint::reach("recover.claims");
        self.destroy_doomed().await;
        crate::failpoint::reach("recover.done");
        self.compare().await
    }

    /// Makes a key and destroys it, on record as any other: a disk that is full or read-only is found before anyone calls.
    ///
    /// # Errors
    /// Where token or store do not keep what they are given.
    pub(super) async fn rehearse(&self) -> Result<(), StartError> {
        let object = ObjectId::random();
        let claim = Claim { object, wrapping_key: None, claimed_at: self.clock.now() };
        self.store.claim_object(&claim).await.map_err(StartError::UnwritableStore)?;
        let (kind, usage) = (MaterialKind::Hmac(HmacHash::Sha256), KeyUsage::GenerateVerifyMac);
        let kept = self.hsm.call(move |token| {
            token.generate(&object, kind, usage)?;
            token.destroy(&object)
        });
        kept.await.map_err(StartError::UnwritableToken)?;
        let released = self.store.release(&claim, self.settings.max_attempts, self.clock.now()).await;
        released.map_err(StartError::UnwritableStore)?;
        self.store.destroyed(&object).await.map_err(StartError::UnwritableStore)
    }

    /// Says where token and record disagree. Listing the token first makes sure that nothing made meanwhile looks unknown;
    /// it also finds every handle, so that no request has to search.
    async fn compare(&self) -> Result<(), Error> {
        let found = self.hsm.call(|token| token.objects()).await?;
        let ids: Vec<ObjectId> = found
            .iter()
            .filter(|Found { kind, .. }| matches!(kind, ObjectKind::Material | ObjectKind::WrappingKey))
            .map(|found| found.id)
            .collect();
        let unknown = self.store.unknown_objects(&ids).await?;
        if let Some(first) = unknown.first() {
            tracing::warn!(count = unknown.len(), %first, "the token holds objects that the database does not know, and they are left alone: was an older database restored?");
        }
        let found: HashSet<ObjectId> = ids.into_iter().collect();
        let mut missing = 0usize;
        let mut after = None;
        loop {
            let expected = self.store.expected_objects(after, BATCH).await?;
            missing += expected.iter().filter(|id| !found.contains(id)).count();
            after = expected.last().copied();
            if expected.len() < BATCH as usize {
                break;
            }
        }
        if missing > 0 {
            tracing::error!(
                count = missing,
                "the token lacks objects that the database expects: was another token restored? their keys cannot be used"
            );
        }
        Ok(())
    }
}

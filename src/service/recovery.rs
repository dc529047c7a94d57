//! What a start makes good: everything that was cut off when the service last ended.
//!
//! Records name every object from before it exists until after it is gone, so what a crash leaves is found by its record.
//! An object that no record names is not a crash's doing: it tells of a database older than the token, and is left alone.

use super::homes::Home;
use super::{Error, Service, StartError};
use crate::model::key_spec::HmacHash;
use crate::model::{Claim, KeyUsage, MaterialKind, ObjectId, Timestamp};
use crate::store::Leftover;

/// How many ids are compared in one go.
const BATCH: u32 = 1000;

/// Doomed objects that a start waits for: all that a crash leaves, as a rule. What is more is destroyed while the service serves.
const AT_ONCE: usize = 16;

/// Objects that are missing, after which no more are counted: it is another token.
const TOO_MANY: usize = 1000;

impl Service {
    /// Brings token and record together again. The token has been listed, and `own` are its own keys.
    ///
    /// # Errors
    /// Where the token or the store fails.
    pub(super) async fn recover(&self, own: &[ObjectId]) -> Result<(), Error> {
        // Other replicas' claims may be at work; over SQLite, which one process holds, there are no others.
        let before = match self.store.kind() {
            // All of them, whatever the clock showed when they were begun.
            "sqlite" => Timestamp::from_millis(i64::MAX),
            _ => self.stale_since(),
        };
        self.end_stale_claims(before).await?;
        crate::failpoint::reach("recover.claims");
        self.place_the_doomed().await?;
        let more = self.destroy_first(AT_ONCE).await;
        crate::failpoint::reach("recover.done");
        self.report_unknown(own).await?;
        self.report_missing().await?;
        // Not before: what is destroyed while it is compared would look unknown.
        if more {
            self.destroy_soon();
        }
        Ok(())
    }

    /// Makes a key and destroys it, on record as any other: a disk that is full or read-only is found before anyone calls.
    ///
    /// # Errors
    /// Where token or store do not keep what they are given.
    pub(super) async fn rehearse(&self) -> Result<(), StartError> {
        for home in self.homes.all() {
            self.rehearse_in(home).await?;
        }
        Ok(())
    }

    pub(super) async fn rehearse_in(&self, home: &Home) -> Result<(), StartError> {
        let (object, claimed_at, token) = (ObjectId::random(), self.clock.now(), home.serial().to_owned());
        let claim = Claim { object, wrapping_key: None, claimed_at, token };
        self.store.claim_object(&claim).await.map_err(StartError::UnwritableStore)?;
        let (kind, usage) = (MaterialKind::Hmac(HmacHash::Sha256), KeyUsage::GenerateVerifyMac);
        let kept = home.hsm.call(move |token| {
            token.generate(&object, kind, usage)?;
            token.destroy(&object)
        });
        kept.await.map_err(StartError::UnwritableToken)?;
        let now = self.clock.now();
        let released = self.store.release(&claim, Leftover::Nothing, self.settings.max_attempts, now).await;
        released.map_err(StartError::UnwritableStore)
    }

    /// Says what the token holds that no record names. It was listed before the record is asked, so that nothing made
    /// meanwhile looks unknown.
    async fn report_unknown(&self, own: &[ObjectId]) -> Result<(), Error> {
        for home in self.homes.all() {
            self.report_unknown_in(home, own).await?;
        }
        Ok(())
    }

    pub(super) async fn report_unknown_in(&self, home: &Home, own: &[ObjectId]) -> Result<(), Error> {
        let (mut count, mut first, mut after) = (0, None, None);
        loop {
            let page = home.hsm.known_objects(after, BATCH as usize);
            after = page.last().copied();
            let mut unknown = self.store.unknown_objects(&page).await?;
            unknown.retain(|object| !own.contains(object));
            count += unknown.len();
            first = first.or_else(|| unknown.first().copied());
            if page.len() < BATCH as usize {
                break;
            }
        }
        if let Some(first) = first {
            tracing::warn!(count, %first, token = home.profile().label, "the token holds objects that the database does not know, and they are left alone: was an older database restored?");
        }
        Ok(())
    }

    /// Says what the record expects that the token does not hold. What another replica made since the listing is looked for.
    async fn report_missing(&self) -> Result<(), Error> {
        for home in self.homes.all() {
            self.report_missing_in(home).await?;
        }
        Ok(())
    }

    pub(super) async fn report_missing_in(&self, home: &Home) -> Result<(), Error> {
        let (mut missing, mut after) = (0, None);
        loop {
            let expected = self.store.expected_objects(home.serial(), after, BATCH).await?;
            after = expected.last().copied();
            let mut absent = home.hsm.unknown_of(&expected);
            if !absent.is_empty() {
                home.hsm.sweep(|token| token.list()).await?;
                absent = home.hsm.unknown_of(&absent);
            }
            missing += absent.len();
            if expected.len() < BATCH as usize || missing > TOO_MANY {
                break;
            }
        }
        if missing > 0 {
            tracing::error!(
                count = missing,
                token = home.profile().label,
                "the token lacks objects that the database expects: was another token restored? their keys cannot be used"
            );
        }
        Ok(())
    }
}

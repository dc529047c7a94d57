//! What time brings: sets and materials expire, deletions fall due, and what is left over is destroyed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Error, Service};
use crate::model::{Account, Key, KeyId, MaterialPresence, Timestamp};
use crate::store::{self, Leftover};

/// How many records are treated in one go.
const BATCH: u32 = 100;

/// How many handles are looked through in one round.
const HANDLES: usize = 1000;

/// How long the record of a set outlives the set itself.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// What came of the rounds until now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// Rounds that were done.
    pub done: u64,
    /// Rounds that broke off.
    pub broken_off: u64,
    /// How long ago the last good one ended; where there was none, for how long it is waited for.
    pub since_good: Duration,
}

/// Keeps count of the rounds.
#[derive(Debug)]
pub(super) struct Housework(Mutex<(u64, u64, Instant)>);

impl Default for Housework {
    fn default() -> Self {
        Self(Mutex::new((0, 0, Instant::now())))
    }
}

impl Housework {
    fn ended(&self, well: bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, broken_off, last_good) = &mut *counts;
        if well {
            (*done, *last_good) = (*done + 1, Instant::now());
        } else {
            *broken_off += 1;
        }
    }
}

impl Service {
    /// What came of the janitor's rounds until now.
    pub fn rounds(&self) -> Rounds {
        let (done, broken_off, last_good) = *self.housework.0.lock().unwrap_or_else(PoisonError::into_inner);
        Rounds { done, broken_off, since_good: last_good.elapsed() }
    }

    /// Does the janitor's round every `interval`, until the process ends.
    pub async fn keep_house(self, interval: Duration) {
        let mut rounds = tokio::time::interval(interval);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            self.gate.forget_the_quiet();
            self.forget_unused_signing_keys();
            self.watch_clock().await;
            if let Err(error @ store::Error::Newer { .. }) = self.store.require_served().await {
                tracing::error!(%error, "this service is too old for its database");
            }
            let round = [self.tidy().await, self.take_stock().await];
            self.housework.ended(round.iter().all(Result::is_ok));
            for done in round {
                if let Err(error) = done {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the janitor's round broke off; the next takes it up"
                    );
                }
            }
        }
    }

    /// One round.
    ///
    /// # Errors
    /// Where the store fails; what was done stays done.
    pub async fn tidy(&self) -> Result<(), Error> {
        let now = self.clock.now();
        self.end_stale_claims(self.stale_since()).await?;
        while self.store.expire_wrapping_keys(now, BATCH).await? == u64::from(BATCH) {}
        while self.store.forget_wrapping_keys(now.before(REMEMBERED), BATCH).await? == u64::from(BATCH) {}
        self.store.forget_pending_imports_of_ended_sets(now).await?;
        self.expire_material(now).await?;
        self.carry_out_deletions(now).await?;
        for home in self.homes.all() {
            home.hsm.settle_doubts().await;
        }
        self.place_the_doomed().await?;
        // What is more is destroyed while the next round's work is done.
        if self.destroy_first(BATCH as usize).await {
            self.destroy_soon();
        }
        self.forget_handles().await?;
        Ok(())
    }

    /// Ends claims and makings from before `before`: whatever they were about was never acknowledged. An attempt that was cut
    /// off counts: a blob that crashes a token must not be sent for ever.
    pub(super) async fn end_stale_claims(&self, before: Timestamp) -> Result<(), Error> {
        loop {
            let claims = self.store.stale_claims(before, BATCH).await?;
            for claim in &claims {
                tracing::info!(object = %claim.object, "ending a claim that was cut off");
                self.store.release(claim, Leftover::Perhaps, self.settings.max_attempts, self.clock.now()).await?;
            }
            if claims.len() < BATCH as usize {
                break;
            }
        }
        loop {
            let makings = self.store.stale_making(before, BATCH).await?;
            for id in &makings {
                tracing::info!(wrapping_key = %id, "ending the making of a wrapping key that was cut off");
                match self.store.abandon_wrapping_key(id, self.clock.now()).await {
                    // Another replica's janitor was first.
                    Ok(()) | Err(store::Error::Conflict) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            if makings.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn expire_material(&self, now: Timestamp) -> Result<(), Error> {
        loop {
            let keys = self.store.keys_with_expired_material(now, BATCH).await?;
            let mut changed = 0;
            for (account, id) in &keys {
                match self.expire_material_of(account, id).await {
                    Ok(()) | Err(Error::Unresolved(_)) => changed += 1,
                    Err(error) => tracing::error!(%error, key = %id, "expired key material could not be destroyed yet"),
                }
            }
            if keys.len() < BATCH as usize || changed == 0 {
                return Ok(());
            }
        }
    }

    async fn expire_material_of(&self, account: &Account, id: &KeyId) -> Result<(), Error> {
        let arn = self.settings.realm.arn(account, id);
        let note = self.gate.about_to("DeleteExpiredKeyMaterial", account, arn)?;
        let change = self.change(account, id, |key, now| {
            let before = key.materials.clone();
            let doomed = key.expire_material(now);
            let ended = before.iter().filter(|material| doomed.contains(&material.object));
            Ok((ended.map(|material| material.id.to_string()).collect::<Vec<_>>(), doomed))
        });
        let (_, ended) = change.await?;
        // Another replica's janitor may have been first.
        if ended.is_empty() {
            return Ok(());
        }
        tracing::info!(key = %id, "key material expired");
        note.done(&ended).await
    }

    async fn carry_out_deletions(&self, now: Timestamp) -> Result<(), Error> {
        loop {
            let keys = self.store.keys_due_for_deletion(now, BATCH).await?;
            let mut deleted = 0;
            for (account, id) in &keys {
                match self.delete_key(account, id, now).await {
                    Ok(()) => deleted += 1,
                    Err(error) => tracing::error!(%error, key = %id, "a key that is due could not be deleted yet"),
                }
            }
            if keys.len() < BATCH as usize || deleted == 0 {
                return Ok(());
            }
        }
    }

    /// Forgets the handles of what other replicas have destroyed: a page of them each round.
    async fn forget_handles(&self) -> Result<(), Error> {
        if self.store.kind() == "sqlite" {
            return Ok(());
        }
        for home in self.homes.all() {
            let after = home.reaper.next_page();
            let page = home.hsm.known_objects(after, HANDLES);
            home.reaper.page_ended(page.last().copied().filter(|_| page.len() == HANDLES));
            let mut unknown = self.store.unknown_objects(&page).await?;
            let own = [self.mac_key, self.access_keys.object()];
            unknown.retain(|object| !own.contains(object));
            home.hsm.forget(&unknown);
        }
        Ok(())
    }

    async fn delete_key(&self, account: &Account, id: &KeyId, now: Timestamp) -> Result<(), Error> {
        let Some(key) = self.store.key(account, id).await? else { return Ok(()) };
        if key.deletion.is_none_or(|deletion| deletion.at.is_none_or(|at| at > now)) {
            return Ok(());
        }
        if key.is_replica() {
            // Its primary has to know first, or it would count on it for ever.
            let note = self.gate.about_to("DeleteReplicaKeyMaterial", account, self.arn(&key))?;
            let left = self.change(account, id, |key, now| {
                let is_due = key.deletion.and_then(|deletion| deletion.at).is_some_and(|at| at <= now);
                Ok(if is_due { key.leave() } else { (false, vec![]) })
            });
            let there = key.materials.iter().filter(|material| material.presence == MaterialPresence::Imported);
            if left.await?.1 {
                tracing::info!(key = %id, "a replica key is due: its material is destroyed, and its primary is told");
                note.done(&there.map(|material| material.id.to_string()).collect::<Vec<_>>()).await?;
            }
            return Ok(());
        }
        match self.forget_key(&key, now).await {
            // Changed meanwhile: the next round looks again.
            Err(Error::Store(store::Error::Conflict)) => Ok(()),
            done => done,
        }
    }

    /// Ends a key for good.
    pub(super) async fn forget_key(&self, key: &Key, now: Timestamp) -> Result<(), Error> {
        let doomed: Vec<_> = key.materials.iter().map(|material| material.object).collect();
        let note = self.gate.about_to("DeleteKey", &key.account, self.arn(key))?;
        self.store.remove_key(key, &doomed, now).await?;
        crate::failpoint::reach("delete.recorded");
        tracing::info!(key = %key.id, "key deleted");
        note.done(&[]).await
    }
}

//! What other Regions have still to hear is told, again and again, until they have heard it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::super::peers::Untold;
use super::super::{Error, Kind, Service};
use crate::model::key::{Debt, Telling, Told};
use crate::model::{Key, KeyId};
use crate::store;

/// How often the record is looked through for what is owed.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest that a Region which is away, or refuses, is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a caller waits for another Region to hear what was recorded.
const SOON: Duration = Duration::from_secs(5);

/// How many records are treated in one go.
const BATCH: u32 = 100;

/// When other Regions are spoken to next.
#[derive(Debug, Default)]
pub(in crate::service) struct Touch {
    noted: Notify,
    left_alone: Mutex<HashMap<(Option<KeyId>, String), (u32, Instant)>>,
}

impl Touch {
    /// There is something to tell.
    pub(in crate::service) fn note(&self) {
        self.noted.notify_one();
    }

    /// Whether a Region may be spoken to of this key.
    fn is_due(&self, key: &KeyId, region: &str) -> bool {
        let left_alone = self.left_alone.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |key| left_alone.get(&(key, region.to_owned())).is_none_or(|(_, until)| *until <= Instant::now());
        is_due(None) && is_due(Some(key.clone()))
    }

    /// Leaves a Region alone for a while, longer each time: of all keys where it was not reached, of this one where it refused it.
    fn failed(&self, key: &KeyId, untold: &Untold) {
        let at = match untold {
            Untold::Refused { region, .. } => (Some(key.clone()), region.clone()),
            Untold::Unreached { region, .. } => (None, region.clone()),
        };
        let mut left_alone = self.left_alone.lock().unwrap_or_else(PoisonError::into_inner);
        let (failures, until) = left_alone.entry(at).or_insert((0, Instant::now()));
        let pause = PAUSE * 2_u32.saturating_pow(*failures);
        *failures += 1;
        *until = Instant::now() + pause.min(LONGEST_PAUSE);
    }

    fn succeeded(&self, key: &KeyId, region: &str) {
        let mut left_alone = self.left_alone.lock().unwrap_or_else(PoisonError::into_inner);
        left_alone.remove(&(None, region.to_owned()));
        left_alone.remove(&(Some(key.clone()), region.to_owned()));
    }
}

impl Service {
    /// Tells other Regions what they have still to hear, until the process ends.
    pub async fn keep_in_touch(self) {
        if self.settings.peers.is_empty() {
            return;
        }
        loop {
            // Whatever comes first: something new, or the time to look what others have left.
            let _noted = tokio::time::timeout(PAUSE, self.touch.noted.notified()).await;
            if let Err(error) = self.tell_all().await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "what other Regions have to hear could not be looked up");
            }
        }
    }

    /// One round.
    async fn tell_all(&self) -> Result<(), Error> {
        let mut after = None;
        loop {
            let keys = self.store.owing_keys(after.as_ref(), BATCH).await?;
            for (account, id) in &keys {
                let Some(key) = self.store.key(account, id).await? else { continue };
                for debt in key.debts(self.region()) {
                    if self.touch.is_due(id, &debt.to) {
                        self.pay(&key, &debt).await;
                    }
                }
            }
            match keys.last() {
                Some((_, last)) if keys.len() == BATCH as usize => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    /// Tells a Region what it has to hear of a key as it is now recorded. Where that fails, it is told later.
    pub(super) async fn tell_soon(&self, key: &Key, region: &str) {
        let Some(debt) = key.debts(self.region()).into_iter().find(|debt| debt.to == region) else { return };
        if tokio::time::timeout(SOON, self.pay(key, &debt)).await.is_err() {
            tracing::info!(key = %key.id, region, "another Region takes long to answer: it is told again");
        }
        self.touch.note();
    }

    async fn pay(&self, key: &Key, debt: &Debt) {
        match self.tell(key, debt).await {
            Ok(()) => self.touch.succeeded(&key.id, &debt.to),
            Err(Error::Peer(untold)) => {
                self.touch.failed(&key.id, &untold);
                tracing::warn!(key = %key.id, %untold, "another Region has not heard of this key yet: it is told again");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, key = %key.id, "what another Region answered could not be recorded: it is told again");
            }
        }
    }

    /// Asks a Region whether it would do what it is to be told.
    pub(super) async fn ask(&self, key: &Key, debt: &Debt) -> Result<(), Error> {
        self.settings.peers.tell(&debt.to, &self.telling(key, debt, true)).await?;
        Ok(())
    }

    fn telling(&self, key: &Key, debt: &Debt, only_asks: bool) -> Telling {
        let (account, key, from) = (key.account.clone(), key.id.clone(), self.region().to_owned());
        Telling { account, key, from, told: debt.told.clone(), only_asks }
    }

    async fn tell(&self, key: &Key, debt: &Debt) -> Result<(), Error> {
        let heard = self.settings.peers.tell(&debt.to, &self.telling(key, debt, false)).await;
        let report = match (heard, &debt.told) {
            // Whoever was the primary leaves after it has told all who the next is: this one was not among them any more.
            (Err(Untold::Refused { kind: Kind::NotFound, .. }), Told::Report(said)) if said.is_leaving => {
                return self.leave(key, &debt.to).await;
            }
            (Err(Untold::Refused { kind: Kind::NotFound, .. }), Told::Shared(_)) if key.is_replica() => {
                let gone = |key: &mut Key| key.is_gone(&debt.to);
                self.change(&key.account, &key.id, |key, _now| Ok((gone(key), vec![]))).await?;
                return Ok(());
            }
            (heard, _) => heard?,
        };
        crate::failpoint::reach("region.told");
        match &debt.told {
            Told::Report(said) if said.is_leaving => return self.leave(key, &debt.to).await,
            Told::Report(said) => {
                let heard = |key: &mut Key| key.report_was_heard(said);
                self.change(&key.account, &key.id, |key, _now| Ok((heard(key), vec![]))).await?;
            }
            Told::Shared(shared) => {
                let change = self.change(&key.account, &key.id, |key, now| {
                    key.shared_was_heard(&debt.to, shared.generation, &report, now);
                    Ok(((), vec![]))
                });
                let (key, ()) = change.await?;
                // What it says may be what others wait for.
                if key.relations.as_deref().is_some_and(|relations| relations.owes()) {
                    self.touch.note();
                }
            }
        }
        Ok(())
    }

    /// Forgets a replica that its primary has forgotten.
    async fn leave(&self, key: &Key, heard_by: &str) -> Result<(), Error> {
        let Some(key) = self.store.key(&key.account, &key.id).await? else { return Ok(()) };
        if !key.may_go(self.region(), heard_by) {
            return Ok(());
        }
        match self.forget_key(&key, self.clock.now()).await {
            Err(Error::Store(store::Error::Conflict)) => Ok(()),
            done => done,
        }
    }
}

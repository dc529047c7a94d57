//! What other Regions have still to hear is told, again and again, until they have heard it.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::super::peers::Untold;
use super::super::{Error, Kind, Service};
use super::pauses::Pauses;
use crate::model::key::{Debt, Report, Telling, Told};
use crate::model::{Account, Key, KeyId};
use crate::store;

/// How often the record is looked through for what is owed.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a caller waits for another Region to hear what was recorded.
const SOON: Duration = Duration::from_secs(5);

/// How many records are treated in one go.
const BATCH: u32 = 100;

/// Tells those who tell other Regions that there is something new.
#[derive(Debug)]
pub(in crate::service) struct Touch(watch::Sender<()>);

impl Default for Touch {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Touch {
    /// There is something to tell.
    pub(in crate::service) fn note(&self) {
        self.0.send_replace(());
    }
}

impl Service {
    /// Tells other Regions what they have still to hear, until the process ends: each by itself, so that one which is away or slow
    /// keeps none of the others waiting.
    pub async fn keep_in_touch(self) {
        for region in self.settings.peers.regions() {
            tokio::spawn(self.clone().keep_in_touch_with(region));
        }
    }

    async fn keep_in_touch_with(self, region: String) {
        let (mut noted, mut pauses, mut last) = (self.touch.0.subscribe(), Pauses::default(), None);
        loop {
            // Whatever comes first: something new, or the time to look what others have left.
            let _noted = tokio::time::timeout(PAUSE, noted.changed()).await;
            if !pauses.is_there(Instant::now()) {
                continue;
            }
            pauses.forget_the_quiet(Instant::now());
            if let Err(error) = self.tell_all(&region, &mut pauses, &mut last).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, region, "what another Region has to hear could not be looked up");
            }
        }
    }

    /// One round: all that is owed, beginning behind the key with which the last round broke off, so that none stands before the others
    /// for ever.
    async fn tell_all(&self, region: &str, pauses: &mut Pauses, last: &mut Option<KeyId>) -> Result<(), Error> {
        let mut after = last.take();
        loop {
            let keys = self.store.owing_keys(after.as_ref(), BATCH).await?;
            for (account, id) in keys.iter().filter(|(_, id)| pauses.is_due(id, Instant::now())).collect::<Vec<_>>() {
                if !self.tell_of(account, id, region, pauses).await {
                    *last = Some(id.clone());
                    return Ok(());
                }
            }
            let is_last_page = keys.len() < BATCH as usize;
            after = keys.last().map(|(_, id)| id.clone());
            // What stands before where it began comes with the next round.
            if is_last_page {
                return Ok(());
            }
        }
    }

    /// Tells a Region what it has to hear of a key; whether it was there.
    async fn tell_of(&self, account: &Account, id: &KeyId, region: &str, pauses: &mut Pauses) -> bool {
        let done = self.pay(account, id, region).await;
        let now = Instant::now();
        match done {
            Ok(true) => pauses.heard(id),
            Ok(false) => {}
            Err(Error::Peer(untold @ Untold::Unreached { .. })) => {
                pauses.was_away(now);
                tracing::warn!(key = %id, region, cause = untold.cause(), "another Region is not reached: it is told again");
                return false;
            }
            Err(error) => {
                pauses.refused(id, now);
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, key = %id, region, "another Region has not heard of this key yet: it is told again");
            }
        }
        true
    }

    /// Tells a Region all that it has to hear of a key as it is recorded; whether that is anything.
    async fn pay(&self, account: &Account, id: &KeyId, region: &str) -> Result<bool, Error> {
        let mut told = false;
        // What is told changes what is owed: a report follows from a new primary.
        for _ in 0..2 {
            let Some(key) = self.store.key(account, id).await? else { break };
            let Some(debt) = key.debts(self.region()).into_iter().find(|debt| debt.to == region) else { break };
            self.tell(&key, &debt).await?;
            told = true;
        }
        Ok(told)
    }

    /// Tells a Region what was just recorded. Where that fails, it is told later.
    pub(super) async fn tell_soon(&self, key: &Key, region: &str) {
        match tokio::time::timeout(SOON, self.pay(&key.account, &key.id, region)).await {
            Ok(Ok(_told)) => {}
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, key = %key.id, region, "another Region has not heard of this key yet: it is told again");
            }
            Err(_elapsed) => tracing::info!(key = %key.id, region, "another Region takes long to answer: it is told again"),
        }
        self.touch.note();
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
                return self.leave(key, &debt.to, said).await;
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
            Told::Report(said) if said.is_leaving => return self.leave(key, &debt.to, said).await,
            Told::Report(said) => {
                let heard = |key: &mut Key| key.report_was_heard(said);
                self.change(&key.account, &key.id, |key, _now| Ok((heard(key), vec![]))).await?;
            }
            Told::Shared(shared) => {
                let change = self.change(&key.account, &key.id, |key, now| {
                    key.shared_was_heard(&debt.to, shared, &report, now);
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
    async fn leave(&self, key: &Key, heard_by: &str, said: &Report) -> Result<(), Error> {
        let Some(key) = self.store.key(&key.account, &key.id).await? else { return Ok(()) };
        if !key.may_go(self.region(), heard_by, said) {
            return Ok(());
        }
        match self.forget_key(&key, self.clock.now()).await {
            Err(Error::Store(store::Error::Conflict)) => Ok(()),
            done => done,
        }
    }
}

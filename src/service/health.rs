//! What the service needs, and whether it is there: its token, its record, and its audit log.
//!
//! Nobody who asks waits for an answer of these: each is watched by itself, and what was seen last is told. The token and the audit
//! log say of themselves when they fail and when they are back; the record is asked every so often, and at once when a call could
//! not reach it.

use std::error::Error as _;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Away, Service};
use crate::audit::Unwritable;
use crate::hsm::{self, Condition};
use crate::model::Timestamp;
use crate::store;

/// How often the record is asked, and the log, whose thread may have ended without a word.
const WHILE_WELL: Duration = Duration::from_secs(2);
/// The same while it does not answer.
const WHILE_ILL: Duration = Duration::from_millis(500);
/// The least from one question to the next, however many calls fail.
const REST: Duration = Duration::from_millis(200);

crate::named! {
    /// What is needed.
    pub enum Part {
        /// The PKCS#11 token.
        Token = "token",
        /// The database.
        Store = "store",
        /// The audit log.
        Audit = "audit",
    }
}

/// Why a part does not serve. Names no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One of a few names, for those who count, such as `store-unreachable`.
    pub name: &'static str,
    /// A sentence, for those who read.
    pub reason: String,
}

/// How a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartHealth {
    /// Which.
    pub part: Part,
    /// The label of a token beside the first. Only the keys in it need that.
    pub further: Option<String>,
    /// Why it does not serve; `None` where it does.
    pub trouble: Option<Trouble>,
    /// Since when it serves, or does not.
    pub since: Timestamp,
}

impl PartHealth {
    fn well(part: Part, further: Option<String>, since: Timestamp) -> Self {
        Self { part, further, trouble: None, since }
    }

    /// What it is called: as its part, and a further token with its label.
    pub fn name(&self) -> String {
        match &self.further {
            Some(label) => name_of_further(label),
            None => self.part.to_string(),
        }
    }
}

pub(super) fn name_of_further(label: &str) -> String {
    format!("{}:{label}", Part::Token)
}

/// How all of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    parts: Vec<PartHealth>,
}

impl Health {
    /// Everything is there, since then, and so are the tokens of these labels beside the first.
    pub(super) fn all_well(since: Timestamp, further: impl IntoIterator<Item = String>) -> Self {
        let needed = Part::ALL.iter().map(|part| PartHealth::well(*part, None, since));
        let further = further.into_iter().map(|label| PartHealth::well(Part::Token, Some(label), since));
        Self { parts: needed.chain(further).collect() }
    }

    /// A further token is not there when the service starts.
    pub(super) fn misses(&mut self, away: &Away, since: Timestamp) {
        let missed = PartHealth::well(Part::Token, Some(away.opening.name().to_owned()), since);
        let name = missed.name();
        self.parts.push(missed);
        self.learn(&name, of_token(Condition::Ill(away.why.trouble())), since);
    }

    /// Each part, in the order of [`Part::ALL`], and then the further tokens.
    pub fn parts(&self) -> &[PartHealth] {
        &self.parts
    }

    /// Whether these parts serve; further tokens aside, which most calls do without.
    pub fn serves(&self, needed: &[Part]) -> bool {
        self.needed().all(|health| health.trouble.is_none() || !needed.contains(&health.part))
    }

    fn needed(&self) -> impl Iterator<Item = &PartHealth> {
        self.parts.iter().filter(|health| health.further.is_none())
    }

    /// Whether every part serves that all calls need.
    pub fn is_ready(&self) -> bool {
        self.serves(Part::ALL)
    }

    /// Whether only another process can help: of whichever token, for its keys are served by no other way.
    pub fn has_given_up(&self) -> bool {
        let given_up = hsm::Trouble::GivenUp.as_str();
        self.parts.iter().any(|health| health.trouble.as_ref().is_some_and(|trouble| trouble.name == given_up))
    }

    /// Takes down how the part of this name is; whether that is news.
    fn learn(&mut self, part: &str, trouble: Option<Trouble>, now: Timestamp) -> bool {
        let Some(health) = self.parts.iter_mut().find(|health| health.name() == part) else { return false };
        if health.trouble == trouble {
            return false;
        }
        match (&health.trouble, &trouble) {
            (_, Some(Trouble { name, reason })) => tracing::warn!(part, name, reason, "not ready"),
            (_, None) => tracing::info!(part, "ready again"),
        }
        if health.trouble.is_some() != trouble.is_some() {
            health.since = now;
        }
        health.trouble = trouble;
        true
    }
}

impl Service {
    /// How everything is that the service needs, and each change of it.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Watches over it, until the process ends.
    pub async fn watch_health(self) {
        let mut further = JoinSet::new();
        for home in self.homes.further() {
            let name = PartHealth::well(Part::Token, Some(home.profile().label.clone()), self.started_at).name();
            let (service, condition) = (self.clone(), home.hsm.condition());
            further.spawn(async move { service.watch_token(&name, condition).await });
        }
        let first = self.watch_token(Part::Token.as_str(), self.own().condition());
        tokio::join!(first, self.watch_store(), self.watch_audit(), further.join_all());
    }

    pub(super) async fn watch_token(&self, name: &str, mut condition: watch::Receiver<Condition>) {
        loop {
            let now = *condition.borrow_and_update();
            self.learn_of_token(name, now);
            if condition.changed().await.is_err() {
                return;
            }
        }
    }

    async fn watch_store(&self) {
        loop {
            let trouble = self.store.ping().await.err().map(|error| of_store(&error));
            let is_well = trouble.is_none();
            self.learn(Part::Store.as_str(), trouble);
            sleep(REST).await;
            tokio::select! {
                () = sleep(if is_well { WHILE_WELL } else { WHILE_ILL }) => {}
                () = self.store.stumbled(), if is_well => {}
            }
        }
    }

    async fn watch_audit(&self) {
        let log = self.gate.audit();
        let mut changes = log.trouble();
        loop {
            changes.mark_unchanged();
            self.learn(Part::Audit.as_str(), log.is_writable().err().map(|error| of_audit(&error)));
            tokio::select! {
                _ = changes.changed() => {}
                () = sleep(WHILE_WELL) => {}
            }
        }
    }

    pub(super) fn learn_of_token(&self, name: &str, condition: Condition) {
        self.learn(name, of_token(condition));
    }

    fn learn(&self, part: &str, trouble: Option<Trouble>) {
        let now = self.clock.now();
        self.health.send_if_modified(|health| health.learn(part, trouble, now));
    }
}

fn of_token(condition: Condition) -> Option<Trouble> {
    use hsm::Trouble as T;
    let Condition::Ill(trouble) = condition else { return None };
    let reason = match trouble {
        T::Absent => "the token is not in its slot, or the slot is gone",
        T::NoSession => "the token opens no session, or loses each one",
        T::PinRefused => "the token refused the PIN and is not asked again: check the PIN, and start the service again",
        T::Hanging => "calls do not come back from the token",
        T::Failing => "the token answers, but does not do what it was found able to do",
        T::Replaced => "another token is in the place of the one that belongs to the database",
        T::GivenUp => "so many calls hang in the token that the process has to be started again",
    };
    Some(Trouble { name: trouble.as_str(), reason: reason.to_owned() })
}

fn of_store(error: &store::Error) -> Trouble {
    let name = match error {
        store::Error::ReadOnly => "store-read-only",
        store::Error::Unreachable(_) => "store-unreachable",
        _ => "store-fails",
    };
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        reason.push_str(": ");
        reason.push_str(&cause.to_string());
        source = cause.source();
    }
    Trouble { name, reason }
}

fn of_audit(error: &Unwritable) -> Trouble {
    let name = if matches!(error, Unwritable::Stopped) { "audit-closed" } else { "audit-unwritable" };
    Trouble { name, reason: error.to_string() }
}

#[cfg(test)]
mod tests;

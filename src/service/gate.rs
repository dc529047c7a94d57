//! The gate: who comes in, what the policies let them do, how often, and the line that the audit log has of it.
//!
//! Every front leads each call through here: [`Gate::begin`] before anything is done, [`Entry::admit`] for who it is, the
//! service's own question to the policies in the middle, [`Entry::end`] before the answer. Where the audit log cannot be
//! written, nothing is begun.

#[cfg(test)]
mod example;
mod limits;
mod trail;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use uuid::Uuid;

pub use limits::Limits;
pub use trail::Trail;

use super::{Call, Error, Kind};
use crate::audit::{self, Event, Identity, Log, Outcome, Place};
use crate::clock::Clock;
use crate::model::{Account, Action, Key, KeyArn, Principal, TlsDetails};
use crate::policy::{Circumstances, Decision, Policies, Question, Resource};

/// Who comes in, and what is written of it.
pub struct Gate {
    policies: ArcSwap<Policies>,
    limits: Limits,
    audit: Log,
    region: String,
    clock: Arc<dyn Clock>,
}

/// The other end of a call, as its front sees it.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The name in its certificate, where there is one.
    pub name: Option<String>,
    /// How it is connected; absent without TLS.
    pub tls: Option<TlsDetails>,
    /// Where it calls from.
    pub address: Option<SocketAddr>,
    /// What its program calls itself.
    pub user_agent: Option<String>,
    /// The access key that it signs with, where the record has one of this id.
    pub access_key_id: Option<String>,
}

/// A call that has a place in the audit log.
#[derive(Debug)]
pub struct Entry {
    gate: Arc<Gate>,
    action: Action,
    caller: Caller,
    request_id: Uuid,
    trail: Trail,
    place: Option<Place>,
    is_admitted: bool,
}

impl Gate {
    /// A gate that lets in whom `policies` know.
    pub fn new(policies: Policies, limits: Limits, audit: Log, region: String, clock: Arc<dyn Clock>) -> Self {
        Self { policies: ArcSwap::from_pointee(policies), limits, audit, region, clock }
    }

    /// From now on, these hold.
    pub fn use_policies(&self, policies: Policies) {
        self.policies.store(Arc::new(policies));
    }

    /// The log that it writes.
    pub fn audit(&self) -> &Log {
        &self.audit
    }

    /// Whether a request of somebody who does not prove who they are may have a line in the audit log: whoever reaches a door must
    /// not be able to fill a disk, or to push out what others did.
    pub fn hears_stranger(&self) -> bool {
        self.limits.hear_stranger()
    }

    /// Begins a call.
    ///
    /// # Errors
    /// Where the audit log could not take its line: then nothing is to be done.
    pub fn begin(self: &Arc<Self>, action: Action, caller: Caller, request_id: Uuid) -> Result<Entry, Error> {
        let place = self.audit.begin()?;
        let mut event = Event::of(action, self.clock.now(), &self.region, request_id);
        event.identity = Identity::Unknown(caller.name.clone());
        event.source_ip_address = caller.address.map(|address| address.ip().to_string());
        event.user_agent.clone_from(&caller.user_agent);
        event.access_key_id.clone_from(&caller.access_key_id);
        event.tls = caller.tls.as_ref().map(|tls| (tls.version.clone(), tls.cipher_suite.clone()));
        let trail = Trail::new(event);
        Ok(Entry { gate: Arc::clone(self), action, caller, request_id, trail, place: Some(place), is_admitted: false })
    }

    /// What the service is about to do to a key by itself.
    ///
    /// # Errors
    /// Where the audit log could not take its line: then it is not to be done.
    pub(super) fn about_to(&self, name: &'static str, account: &Account, arn: KeyArn) -> Result<Note, Error> {
        let mut event = Event::of_service(name, self.clock.now(), &self.region);
        event.resources.push((account.clone(), arn));
        Ok(Note { place: self.audit.begin()?, event })
    }

    /// Drops what the limits remember of callers who have been quiet.
    pub(super) fn forget_the_quiet(&self) {
        self.limits.forget_the_quiet();
    }

    /// What the policies say, which is neither written down nor acted on yet.
    pub(super) fn ask(
        &self,
        principal: &Principal,
        action: Action,
        resource: Resource<'_>,
        circumstances: &Circumstances,
    ) -> Decision {
        self.policies.load().decide(&Question { principal, action, resource, circumstances })
    }

    /// Counts what somebody has another do for them.
    ///
    /// # Errors
    /// Where it comes too often.
    pub(super) fn count(&self, principal: &Principal, action: Action) -> Result<(), Error> {
        self.limits.admit(principal, action)
    }

    /// The principal of this name, as the policies know it now.
    pub(super) fn principal(&self, name: &str) -> Option<Principal> {
        self.policies.load().principal(name).cloned()
    }
}

/// Something that the service does by itself, and the place that the audit log has for it. Dropped where it was not done.
pub(super) struct Note {
    place: Place,
    event: Event,
}

impl Note {
    /// It was done, of these materials.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) async fn done(mut self, materials: &[String]) -> Result<(), Error> {
        if !materials.is_empty() {
            self.event.additional.insert("keyMaterialIds".to_owned(), materials.into());
        }
        Ok(self.place.write(&self.event, true).await?)
    }
}

impl Entry {
    /// Finds out who it is, and whether they come too often.
    ///
    /// # Errors
    /// Where nobody has the name, or too many calls came.
    pub fn admit(&mut self, deadline: Option<Instant>) -> Result<Call, Error> {
        let principal = self.caller.name.as_deref().and_then(|name| self.gate.principal(name)).ok_or(Error::Unidentified)?;
        self.trail.identify(&principal);
        self.gate.limits.admit(&principal, self.action)?;
        self.is_admitted = true;
        Ok(Call {
            principal,
            request_id: self.request_id,
            deadline,
            tls: self.caller.tls.clone(),
            trail: self.trail.clone(),
        })
    }

    /// Writes its line: durably, where the call could change something. `error` is the reference's name of the error and what
    /// the caller is told.
    ///
    /// # Errors
    /// Where it cannot be written. What was done is done, and the caller is not to be told that it was.
    pub async fn end(mut self, error: Option<(&str, &str)>) -> Result<(), Error> {
        let Some(place) = self.place.take() else { return Ok(()) };
        let event = self.trail.ended(outcome(error));
        // Who was turned away at the door changed nothing, and must not have the disk wait for them.
        let durable = self.action.changes_state() && self.is_admitted;
        Ok(place.write(&event, durable).await?)
    }
}

impl Drop for Entry {
    /// A call that is given up or panics has its line too.
    fn drop(&mut self) {
        let Some(place) = self.place.take() else { return };
        let error = match std::thread::panicking() {
            true => (Kind::Internal.as_str(), "internal error"),
            false => ("RequestAbandoned", "the caller left before the answer"),
        };
        // It is on its way by that; nobody waits for it.
        drop(place.write(&self.trail.ended(outcome(Some(error))), self.action.changes_state() && self.is_admitted));
    }
}

fn outcome(error: Option<(&str, &str)>) -> Outcome {
    let (error_code, error_message) = error.unzip();
    Outcome { error_code: error_code.map(str::to_owned), error_message: error_message.map(str::to_owned) }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Call {
    /// Asks whether the caller may do this to a key.
    ///
    /// # Errors
    /// Where they may not.
    pub(super) fn require(
        &self,
        gate: &Gate,
        action: Action,
        arn: &KeyArn,
        key: &Key,
        circumstances: Circumstances,
    ) -> Result<(), Error> {
        let circumstances = self.among(circumstances);
        let decision = gate.ask(&self.principal, action, Resource::Key { arn, key }, &circumstances);
        self.trail.concerns(&key.account, arn);
        self.heed(decision, action, arn.as_str())
    }

    /// Asks whether the caller may do this in their account.
    ///
    /// # Errors
    /// Where they may not.
    pub(super) fn require_in_account(&self, gate: &Gate, action: Action, circumstances: Circumstances) -> Result<(), Error> {
        let circumstances = self.among(circumstances);
        let decision = gate.ask(&self.principal, action, Resource::Account(&self.principal.account), &circumstances);
        self.heed(decision, action, "*")
    }

    /// Writes a decision down, and refuses where it denies.
    ///
    /// # Errors
    /// Where it denies.
    pub(super) fn heed(&self, decision: Decision, action: Action, resource: &str) -> Result<(), Error> {
        self.trail.decided(&decision);
        if decision.allowed {
            return Ok(());
        }
        Err(Error::Denied {
            principal: self.principal.name.clone(),
            action,
            resource: resource.to_owned(),
            forbidden: !decision.policies.is_empty(),
        })
    }

    pub(super) fn among(&self, circumstances: Circumstances) -> Circumstances {
        Circumstances { tls: self.tls.clone(), ..circumstances }
    }
}

impl From<audit::Unwritable> for Error {
    fn from(unwritable: audit::Unwritable) -> Self {
        Self::Unaudited(unwritable)
    }
}

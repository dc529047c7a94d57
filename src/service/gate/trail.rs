//! What the audit log will say of a call, gathered while it runs. Nothing secret is ever put in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::audit::{Event, Identity, Outcome};
use crate::model::{Account, KeyArn, Principal};
use crate::policy::Decision;

/// The line of a call, as far as it is known. Clones are the same line.
#[derive(Clone, Debug)]
pub struct Trail(Arc<Mutex<Event>>);

impl Trail {
    /// A line that begins so.
    pub fn new(event: Event) -> Self {
        Self(Arc::new(Mutex::new(event)))
    }

    fn event(&self) -> MutexGuard<'_, Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn identify(&self, principal: &Principal) {
        let Principal { name, account, tags: _ } = principal.clone();
        self.event().identity = Identity::Principal { name, account };
    }

    /// What was asked for, under the reference's names; members that are null were not given.
    pub(in crate::service) fn asks(&self, parameters: Value) {
        self.event().request_parameters = members(parameters);
    }

    /// What was answered.
    pub(in crate::service) fn answers(&self, elements: Value) {
        self.event().response_elements = members(elements);
    }

    /// What else is known.
    pub(in crate::service) fn adds(&self, name: &str, value: impl Into<Value>) {
        self.event().additional.insert(name.to_owned(), value.into());
    }

    /// Which key it is about.
    pub(in crate::service) fn concerns(&self, account: &Account, arn: &KeyArn) {
        let resource = (account.clone(), arn.clone());
        let mut event = self.event();
        if !event.resources.contains(&resource) {
            event.resources.push(resource);
        }
    }

    /// What the policies said last.
    pub(super) fn decided(&self, decision: &Decision) {
        let mut event = self.event();
        event.allowed = Some(decision.allowed);
        event.policies.clone_from(&decision.policies);
    }

    pub(super) fn ended(&self, outcome: Outcome) -> Event {
        let mut event = self.event();
        event.outcome = outcome;
        event.clone()
    }
}

fn members(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        _ => None,
    }
}

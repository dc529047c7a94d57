//! Policy documents that are kept with keys. They decide nothing: the operator's policies do. So clients that put a document and
//! look whether it is there find it, and nobody gains or loses a right by it.

use serde_json::json;

use super::{Call, Error, GetKeyPolicy, ListOfKey, PolicyNamePage, PutKeyPolicy, Service};
use crate::model::invalid::{text, within};
use crate::model::key_policy::{self, POLICY_NAME};
use crate::model::{Account, Action, Key, KeyRef, Refused};
use crate::policy::Circumstances;

impl Service {
    /// PutKeyPolicy: keeps a document, whatever the key's state.
    ///
    /// # Errors
    /// Where there is no such key, the name is not `default`, or the document is not one that could be kept.
    pub async fn put_key_policy(&self, call: &Call, request: PutKeyPolicy) -> Result<(), Error> {
        let PutKeyPolicy { key_id, policy_name, policy, bypass_policy_lockout_safety_check: bypass } = request;
        call.trail.asks(json!({
            "keyId": key_id,
            "policyName": policy_name,
            "policy": policy,
            "bypassPolicyLockoutSafetyCheck": bypass,
        }));
        let name = key_policy::name(policy_name)?;
        let policy = key_policy::text(policy)?;
        let key = self.permitted(call, Action::PutKeyPolicy, key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        self.require_usual_name(&key, &name)?;
        self.check_key_policy(&key.account, &policy, bypass)?;
        self.change(&key.account, &key.id, |key, _now| {
            key.policy = Some(policy.clone());
            Ok(((), vec![]))
        })
        .await?;
        Ok(())
    }

    /// GetKeyPolicy: the document that is kept with a key, or the usual one.
    ///
    /// # Errors
    /// Where there is no such key, or the name is not `default`.
    pub async fn key_policy(&self, call: &Call, request: GetKeyPolicy) -> Result<String, Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "policyName": request.policy_name }));
        let name = key_policy::name(request.policy_name)?;
        let key =
            self.permitted(call, Action::GetKeyPolicy, request.key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        self.require_usual_name(&key, &name)?;
        Ok(key.policy.unwrap_or_else(|| key_policy::usual(&self.settings.realm, &key.account)))
    }

    /// ListKeyPolicies: `default`, which every key has.
    ///
    /// # Errors
    /// Where there is no such key, the limit is out of range, or there is a marker: one page is all there is.
    pub async fn list_key_policies(&self, call: &Call, request: ListOfKey) -> Result<PolicyNamePage, Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "limit": request.limit, "marker": request.marker }));
        within("limit", request.limit.unwrap_or(100), 1, 1000)?;
        if let Some(marker) = request.marker {
            text("marker", marker, 1, 1024)?;
            return Err(Error::InvalidMarker);
        }
        self.permitted(call, Action::ListKeyPolicies, request.key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        Ok(PolicyNamePage { names: vec![POLICY_NAME.to_owned()], next_marker: None })
    }

    /// Whether a document is one that could be kept with a key of `account`.
    pub(super) fn check_key_policy(&self, account: &Account, policy: &str, bypass: bool) -> Result<(), Error> {
        let is_ours = |name: &str| self.gate.principal(name).is_some_and(|principal| principal.account == *account);
        Ok(key_policy::check(policy, account, is_ours, bypass)?)
    }

    fn require_usual_name(&self, key: &Key, name: &str) -> Result<(), Error> {
        if name == POLICY_NAME { Ok(()) } else { Err(self.refusal(key)(Refused::NoSuchPolicy)) }
    }
}

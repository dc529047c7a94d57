//! ReplicateKey and UpdatePrimaryRegion: one key in several Regions.
//!
//! The other Region is asked before anything is recorded: whether it would, and lets the caller. What is recorded then is not taken
//! back, and told until it is heard, whatever ends on either side: so nothing is half made, and there are never two primaries.

mod hearing;
mod pauses;
mod telling;

use serde_json::json;

use super::peers::Untold;
use super::{Call, Described, Error, ReplicateKey, Replicated, Service, UpdatePrimaryRegion, tags};
use crate::model::invalid::{pattern, text};
use crate::model::key::{Birth, Debt, Replica, Told};
use crate::model::{Action, Invalid, Key, KeyRef, KeyState, Realm, Refused, Timestamp, key_policy};
use crate::policy::Circumstances;

pub(super) use telling::Touch;

/// How Regions are named (KMS API Reference, ReplicateKey).
const REGION: &str = "^([a-z]+-){2,3}\\d+$";

impl Service {
    /// ReplicateKey: has another Region make a replica, which waits for the same material. Answers when it is recorded; the replica is
    /// there at once, or when its Region is.
    ///
    /// # Errors
    /// In the reference's order: fields, key, kind, origin, state; then a Region that is none of a peer, or has one, or says no.
    pub async fn replicate_key(&self, call: &Call, request: ReplicateKey) -> Result<Replicated, Error> {
        let shown = request.tags.iter().map(|(key, value)| json!({ "tagKey": key, "tagValue": value }));
        call.trail.asks(json!({
            "keyId": request.key_id,
            "replicaRegion": request.replica_region,
            "policy": request.policy,
            "bypassPolicyLockoutSafetyCheck": request.bypass_policy_lockout_safety_check,
            "description": request.description,
            "tags": shown.collect::<Vec<_>>(),
        }));
        let region = region("replicaRegion", request.replica_region)?;
        let description = text("description", request.description, 0, super::keys::MAX_DESCRIPTION)?;
        let tags = tags::of(request.tags)?;
        let policy = request.policy.map(key_policy::text).transpose()?;
        let circumstances = Circumstances {
            replica_region: Some(region.clone()),
            request_tags: Some(tags.clone()),
            ..Circumstances::default()
        };
        let key = self.permitted(call, Action::ReplicateKey, request.key_id, KeyRef::IdOrArn, circumstances).await?;
        if let Some(policy) = &policy {
            self.check_key_policy(&key.account, policy, request.bypass_policy_lockout_safety_check)?;
        }
        let birth = Birth { description, tags, policy, requester: call.principal.name.clone() };
        let plan = |key: &mut Key, now: Timestamp| key.replicate(&region, birth.clone(), now);
        let debt = self.would_owe(&key, &region, plan)?;
        self.require_peer("replicaRegion", &region)?;
        self.ask(&key, &debt).await?;
        let (key, ()) = self.change(&key.account, &key.id, |key, now| Ok((plan(key, now)?, vec![]))).await?;
        crate::failpoint::reach("replicate.recorded");
        let replicated = self.replicated(&key, &region, birth, &debt)?;
        self.tell_soon(&key, &region).await;
        call.trail.answers(json!({ "replicaKeyMetadata": { "arn": replicated.described.arn.as_str() } }));
        Ok(replicated)
    }

    /// UpdatePrimaryRegion: makes the replica in another Region the primary. Answers when it is recorded; the key is updating until
    /// that Region has taken over.
    ///
    /// # Errors
    /// In the reference's order: fields, key, kind, state; then a Region that is none of a peer, has no replica, or says no.
    pub async fn update_primary_region(&self, call: &Call, request: UpdatePrimaryRegion) -> Result<(), Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "primaryRegion": request.primary_region }));
        let region = region("primaryRegion", request.primary_region)?;
        let circumstances = Circumstances { primary_region: Some(region.clone()), ..Circumstances::default() };
        let key = self.permitted(call, Action::UpdatePrimaryRegion, request.key_id, KeyRef::IdOrArn, circumstances).await?;
        let plan = |key: &mut Key, now: Timestamp| key.hand_over(&region, &call.principal.name, now);
        if key.family(self.region()).is_some_and(|family| family.is_primary && family.primary == region) {
            let message = format!("{region} is the Region of the primary key already");
            return Err(Invalid::new("primaryRegion", message).into());
        }
        let debt = self.would_owe(&key, &region, plan)?;
        self.require_peer("primaryRegion", &region)?;
        self.ask(&key, &debt).await?;
        let (key, ()) = self.change(&key.account, &key.id, |key, now| Ok((plan(key, now)?, vec![]))).await?;
        crate::failpoint::reach("primary.recorded");
        self.tell_soon(&key, &region).await;
        Ok(())
    }

    /// This Region.
    pub(super) fn region(&self) -> &str {
        &self.settings.realm.region
    }

    /// What a Region would have to be told if the key were changed so.
    fn would_owe(
        &self,
        key: &Key,
        region: &str,
        change: impl Fn(&mut Key, Timestamp) -> Result<(), Refused>,
    ) -> Result<Debt, Error> {
        let (mut changed, now) = (key.clone(), self.clock.now());
        change(&mut changed, now).map_err(self.refusal(key))?;
        changed.note_relations(key, now);
        let debt = changed.debts(self.region()).into_iter().find(|debt| debt.to == region);
        debt.ok_or_else(|| self.refusal(key)(Refused::NoReplica(region.to_owned())))
    }

    fn require_peer(&self, field: &'static str, region: &str) -> Result<(), Error> {
        if region == self.region() {
            let message = format!("expected another Region than {region}, which is this one");
            return Err(Invalid::new(field, message).into());
        }
        if self.settings.peers.regions().iter().any(|known| known == region) {
            return Ok(());
        }
        Err(Error::Unsupported(format!(
            "{field} {region} is not served: this service has no peer there (peer in keyferryd.toml)."
        )))
    }

    /// The replica as its Region will have it, which is not yet there.
    fn replicated(&self, key: &Key, region: &str, birth: Birth, debt: &Debt) -> Result<Replicated, Error> {
        let Told::Shared(shared) = &debt.told else { return Err(self.refusal(key)(Refused::Unrelated)) };
        let realm = Realm { region: region.to_owned(), ..self.settings.realm.clone() };
        let policy = birth.policy.clone().unwrap_or_else(|| key_policy::usual(&realm, &key.account));
        let tags = birth.tags.clone();
        let now = self.clock.now();
        let (id, account, token) = (key.id.clone(), key.account.clone(), String::new());
        let replica = Replica { id, account, own: region, shared, birth, token };
        let replica = Key::replica(replica, now).map_err(self.refusal(key))?;
        let arn = realm.arn(&replica.account, &replica.id);
        let described = Described { state: KeyState::Creating, arn, realm, now, key: replica };
        Ok(Replicated { described, policy, tags })
    }
}

fn region(field: &'static str, name: String) -> Result<String, Invalid> {
    let name = text(field, name, 1, 32)?;
    let is_region = Realm::is_region(&name);
    pattern(field, name, |_| is_region, REGION)
}

impl From<Untold> for Error {
    fn from(untold: Untold) -> Self {
        Self::Peer(untold)
    }
}

//! Keys: made, shown, listed, enabled, disabled, described, and scheduled for their end.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::json;

use super::capacity::Purpose;
use super::destroy::leftover_of;
use super::homes::Home;
use super::{
    Call, CreateKey, Described, Error, ListKeys, Page, PublicKey, ScheduleKeyDeletion, Scheduled, Service,
    UpdateKeyDescription, tags,
};
use crate::model::invalid::{member, text, within};
use crate::model::key::deletion_window;
use crate::model::key_policy;
use crate::model::{
    Action, Claim, Expiration, HostExposure, Invalid, Key, KeyArn, KeyId, KeyRef, KeySpec, KeyUsage, Material, MaterialKind,
    MaterialPresence, ObjectId, Origin, Rotation,
};
use crate::policy::Circumstances;
use crate::store::{self, Leftover};

/// The most characters of a description (KMS API Reference, CreateKey).
pub(super) const MAX_DESCRIPTION: usize = 8192;

impl Service {
    /// CreateKey.
    ///
    /// # Errors
    /// Where a field is wrong, the spec or origin is not served, or the token does not make the material.
    pub async fn create_key(&self, call: &Call, request: CreateKey) -> Result<Described, Error> {
        call.trail.asks(json!({
            "description": request.description,
            "origin": request.origin,
            "keySpec": request.key_spec,
            "keyUsage": request.key_usage,
            "multiRegion": request.multi_region,
            "policy": request.policy,
            "bypassPolicyLockoutSafetyCheck": request.bypass_policy_lockout_safety_check,
            "tags": request.tags.iter().map(|(key, value)| json!({ "tagKey": key, "tagValue": value })).collect::<Vec<_>>(),
        }));
        let CreateKey {
            description,
            key_usage,
            key_spec,
            origin,
            multi_region,
            tags,
            policy,
            bypass_policy_lockout_safety_check: bypass,
        } = request;
        let description = text("description", description, 0, MAX_DESCRIPTION)?;
        let usage = key_usage.map(|name| member("keyUsage", &name, KeyUsage::ALL)).transpose()?;
        let spec = key_spec.map_or(Ok(KeySpec::SymmetricDefault), |name| member("keySpec", &name, KeySpec::ALL))?;
        let origin = origin.map_or(Ok(Origin::AwsKms), |name| member("origin", &name, Origin::ALL))?;
        let usage = spec.usage(usage)?;
        let tags = tags::of(tags)?;
        let policy = policy.map(key_policy::text).transpose()?;
        let circumstances = Circumstances {
            key_spec: Some(spec),
            key_usage: Some(usage),
            key_origin: Some(origin),
            multi_region: Some(multi_region),
            request_tags: Some(tags.clone()),
            ..Circumstances::default()
        };
        call.require_in_account(&self.gate, Action::CreateKey, circumstances)?;
        let kind = self.require_spec(spec, usage, origin)?;
        if let Some(policy) = &policy {
            self.check_key_policy(&call.principal.account, policy, bypass)?;
        }
        let key = Key {
            id: KeyId::random(multi_region),
            account: call.principal.account.clone(),
            spec,
            usage,
            origin,
            description,
            tags,
            policy,
            enabled: true,
            created_at: self.clock.now(),
            deletion: None,
            token: self.homes.for_new(spec, usage, origin)?.serial().to_owned(),
            materials: Vec::new(),
            relations: None,
            version: 0,
        };
        let key = match origin {
            Origin::AwsKms => self.with_generated_material(key, kind).await?,
            _ => {
                self.insert(&key).await?;
                key
            }
        };
        let described = self.describe(key);
        call.trail.concerns(&described.key.account, &described.arn);
        call.trail.answers(json!({ "keyMetadata": { "keyId": described.key.id.as_str(), "arn": described.arn.as_str() } }));
        Ok(described)
    }

    /// Records a new key that waits for its material.
    pub(super) async fn insert(&self, key: &Key) -> Result<(), Error> {
        match self.store.insert_key(key, None).await {
            Err(lost @ store::Error::Unreachable(_)) => self.was_inserted(key, lost).await,
            recorded => Ok(recorded?),
        }
    }

    async fn with_generated_material(&self, mut key: Key, kind: MaterialKind) -> Result<Key, Error> {
        let (claim, material) = self.generate(self.home(&key)?, &key.id, kind, key.usage).await?;
        key.materials.push(material);
        match self.store.insert_key(&key, Some(claim.object)).await {
            Ok(()) => {}
            // Where it is not known, whoever ends the claim finds out.
            Err(lost @ store::Error::Unreachable(_)) => self.was_inserted(&key, lost).await?,
            Err(error) => {
                self.give_up(&claim, Leftover::Perhaps).await;
                return Err(error.into());
            }
        }
        crate::failpoint::reach("create.recorded");
        Ok(key)
    }

    /// Has the token make material for a key, under a claim that is to be settled.
    pub(super) async fn generate(
        &self,
        home: &Home,
        key: &KeyId,
        kind: MaterialKind,
        usage: KeyUsage,
    ) -> Result<(Claim, Material), Error> {
        let object = ObjectId::random();
        let (claimed_at, token) = (self.clock.now(), home.serial().to_owned());
        let claim = Claim { object, wrapping_key: None, claimed_at, token };
        home.admit(Purpose::Material)?;
        home.record_or_withdraw(self.store.claim_object(&claim).await)?;
        crate::failpoint::reach("create.claimed");
        let proved = match home.hsm.make(move |token| token.generate(&object, kind, usage)).await {
            Ok(proved) => proved,
            Err(error) => {
                self.give_up(&claim, leftover_of(&error)).await;
                return Err(error.into());
            }
        };
        crate::failpoint::reach("create.generated");
        let material = Material {
            id: proved.evidence.material_id(key),
            object,
            presence: MaterialPresence::Imported,
            rotation: Rotation::Current,
            rotated_at: None,
            description: String::new(),
            expiration: Expiration::Never,
            imported_at: self.clock.now(),
            spki: proved.spki(),
            kcv: proved.kcv,
            exposure: HostExposure::Token,
        };
        Ok((claim, material))
    }

    /// DescribeKey.
    ///
    /// # Errors
    /// Where there is no such key.
    pub async fn describe_key(&self, call: &Call, key_id: String) -> Result<Described, Error> {
        call.trail.asks(json!({ "keyId": key_id }));
        let key = self.permitted(call, Action::DescribeKey, key_id, KeyRef::IdArnOrAlias, Circumstances::default()).await?;
        Ok(self.describe(key))
    }

    fn describe(&self, key: Key) -> Described {
        let now = self.clock.now();
        Described { state: key.state(now), arn: self.arn(&key), realm: self.settings.realm.clone(), now, key }
    }

    /// ListKeys. The marker is the last id of the page before, in base64url.
    ///
    /// # Errors
    /// Where the limit is out of range or the marker none of ours.
    pub async fn list_keys(&self, call: &Call, request: ListKeys) -> Result<Page, Error> {
        call.trail.asks(json!({ "limit": request.limit, "marker": request.marker }));
        let limit = within("limit", request.limit.unwrap_or(100), 1, 1000)?.unsigned_abs();
        let marker = request.marker.map(|marker| text("marker", marker, 1, 1024)).transpose()?;
        let after = marker.map(|marker| last_of_page(&marker).ok_or(Error::InvalidMarker)).transpose()?;
        call.require_in_account(&self.gate, Action::ListKeys, Circumstances::default())?;
        let account = &call.principal.account;
        let mut ids = self.store.list_keys(account, after.as_ref(), limit + 1).await?;
        let truncated = ids.len() > limit as usize;
        ids.truncate(limit as usize);
        let next_marker =
            ids.last().filter(|_| truncated).map(|id| Base64UrlUnpadded::encode_string(id.as_str().as_bytes()));
        let keys = ids.into_iter().map(|id| {
            let arn = self.settings.realm.arn(account, &id);
            (id, arn)
        });
        Ok(Page { keys: keys.collect(), next_marker })
    }

    /// GetPublicKey.
    ///
    /// # Errors
    /// Where there is no such key, it has no public half, or its state does not allow its use.
    pub async fn public_key(&self, call: &Call, key_id: String) -> Result<PublicKey, Error> {
        call.trail.asks(json!({ "keyId": key_id }));
        let key = self.permitted(call, Action::GetPublicKey, key_id, KeyRef::IdArnOrAlias, Circumstances::default()).await?;
        let spki = key.public_key(self.clock.now()).map_err(self.refusal(&key))?.to_vec();
        Ok(PublicKey { arn: self.arn(&key), spki, spec: key.spec, usage: key.usage })
    }

    /// EnableKey.
    ///
    /// # Errors
    /// Where there is no such key, or it is pending deletion or import.
    pub async fn enable_key(&self, call: &Call, key_id: String) -> Result<(), Error> {
        self.set_enabled(call, key_id, true).await
    }

    /// DisableKey.
    ///
    /// # Errors
    /// Where there is no such key, or it is pending deletion or import.
    pub async fn disable_key(&self, call: &Call, key_id: String) -> Result<(), Error> {
        self.set_enabled(call, key_id, false).await
    }

    async fn set_enabled(&self, call: &Call, key_id: String, enabled: bool) -> Result<(), Error> {
        let action = if enabled { Action::EnableKey } else { Action::DisableKey };
        call.trail.asks(json!({ "keyId": key_id }));
        let Key { account, id, .. } =
            self.permitted(call, action, key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        self.change(&account, &id, |key, now| Ok((key.set_enabled(enabled, now)?, vec![]))).await?;
        Ok(())
    }

    /// ScheduleKeyDeletion.
    ///
    /// # Errors
    /// Where there is no such key, the window is out of range, or it is pending deletion already.
    pub async fn schedule_key_deletion(&self, call: &Call, request: ScheduleKeyDeletion) -> Result<Scheduled, Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "pendingWindowInDays": request.pending_window_in_days }));
        let days = deletion_window(request.pending_window_in_days)?;
        let window = Circumstances { pending_window_in_days: Some(days), ..Circumstances::default() };
        let Key { account, id, .. } =
            self.permitted(call, Action::ScheduleKeyDeletion, request.key_id, KeyRef::IdOrArn, window).await?;
        let (key, deletion) = self.change(&account, &id, |key, now| Ok((key.schedule_deletion(days, now)?, vec![]))).await?;
        let scheduled = Scheduled { arn: self.arn(&key), deletion };
        call.trail.answers(json!({
            "keyId": scheduled.arn.as_str(),
            "deletionDate": deletion.at.and_then(|at| at.rfc3339()),
            "keyState": key.state(self.clock.now()).as_str(),
            "pendingWindowInDays": deletion.window_in_days,
        }));
        Ok(scheduled)
    }

    /// CancelKeyDeletion.
    ///
    /// # Errors
    /// Where there is no such key, or it is not pending deletion.
    pub async fn cancel_key_deletion(&self, call: &Call, key_id: String) -> Result<KeyArn, Error> {
        call.trail.asks(json!({ "keyId": key_id }));
        let Key { account, id, .. } =
            self.permitted(call, Action::CancelKeyDeletion, key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        let (key, ()) = self.change(&account, &id, |key, _now| Ok((key.cancel_deletion()?, vec![]))).await?;
        let arn = self.arn(&key);
        call.trail.answers(json!({ "keyId": arn.as_str() }));
        Ok(arn)
    }

    /// UpdateKeyDescription.
    ///
    /// # Errors
    /// Where there is no such key, the description is missing or too long, or it is pending deletion.
    pub async fn update_key_description(&self, call: &Call, request: UpdateKeyDescription) -> Result<(), Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "description": request.description }));
        let description = request.description.ok_or_else(|| Invalid::missing("description"))?;
        let description = text("description", description, 0, MAX_DESCRIPTION)?;
        let Key { account, id, .. } = self
            .permitted(call, Action::UpdateKeyDescription, request.key_id, KeyRef::IdOrArn, Circumstances::default())
            .await?;
        self.change(&account, &id, |key, _now| Ok((key.describe(description.clone())?, vec![]))).await?;
        Ok(())
    }
}

fn last_of_page(marker: &str) -> Option<KeyId> {
    let bytes = Base64UrlUnpadded::decode_vec(marker).ok()?;
    KeyId::parse(std::str::from_utf8(&bytes).ok()?)
}

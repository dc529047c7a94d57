//! Rotation: several materials of one key, each in its turn.

use serde_json::json;

use super::pages::Wanted;
use super::{Call, EnableKeyRotation, Error, ListKeyRotations, RotationPage, RotationShown, RotationStatus, Service, TRIES};
use crate::model::invalid::{member, within};
use crate::model::key::Turn;
use crate::model::{
    Action, IncludeKeyMaterial, Key, KeyArn, KeyRef, Material, MaterialPresence, Origin, Refused, Timestamp,
};
use crate::policy::Circumstances;
use crate::store::{self, Leftover, Settled};

impl Service {
    /// RotateKeyOnDemand: the imported material that waits takes its turn, or what the token makes for it. Done when it is
    /// answered, where the reference only begins then.
    ///
    /// # Errors
    /// In the reference's order: no such key, disabled, not symmetric, pending deletion or import, rotated as often as it may, no
    /// material that waits.
    pub async fn rotate_key_on_demand(&self, call: &Call, key_id: String) -> Result<KeyArn, Error> {
        call.trail.asks(json!({ "keyId": key_id }));
        let key = self.permitted(call, Action::RotateKeyOnDemand, key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        let arn = self.arn(&key);
        let turn = match key.origin {
            Origin::AwsKms => self.rotate_to_generated(key).await?,
            _ => self.change(&key.account, &key.id, |key, now| Ok((key.rotate(now)?, vec![]))).await?.1,
        };
        call.trail.answers(json!({ "keyId": arn.as_str() }));
        if let Some(previous) = turn.previous {
            call.trail.adds("previousKeyMaterialId", previous.to_string());
        }
        call.trail.adds("currentKeyMaterialId", turn.current.to_string());
        Ok(arn)
    }

    /// As for a key that is made: claim, generate in the token, settle. Where the key was changed meanwhile, what was made serves
    /// that one, unless it does not rotate any more.
    async fn rotate_to_generated(&self, mut key: Key) -> Result<Turn, Error> {
        key.require_rotatable(self.clock.now()).map_err(self.refusal(&key))?;
        let home = self.home(&key)?;
        let Some(kind) = key.spec.material() else { return Err(self.refusal(&key)(Refused::NotRotatable)) };
        let (claim, made) = self.generate(home, &key.id, kind, key.usage).await?;
        for _ in 0..TRIES {
            let now = self.clock.now();
            let turn = match key.rotate_to(made.clone(), now) {
                Ok(turn) => turn,
                Err(refused) => {
                    self.give_up(&claim, Leftover::Perhaps).await;
                    return Err(self.refusal(&key)(refused));
                }
            };
            let settled = match self.store.settle_rotation(&claim, &key).await {
                Err(lost @ store::Error::Unreachable(_)) => {
                    if self.was_saved(&key, lost).await? {
                        Settled::Settled
                    } else {
                        Settled::KeyChanged
                    }
                }
                settled => settled?,
            };
            match settled {
                Settled::Settled => {
                    crate::failpoint::reach("rotate.recorded");
                    return Ok(turn);
                }
                Settled::KeyChanged => match self.load(&key.account, &key.id).await {
                    Ok(changed) => key = changed,
                    Err(error) => {
                        self.give_up(&claim, Leftover::Perhaps).await;
                        return Err(error);
                    }
                },
                // The janitor took the claim for one that was cut off.
                Settled::AlreadyConsumed(_) | Settled::ClaimGone => break,
            }
        }
        self.give_up(&claim, Leftover::Perhaps).await;
        Err(store::Error::Conflict.into())
    }

    /// ListKeyRotations: the materials of a key, or those of them that have taken their turn.
    ///
    /// # Errors
    /// Where there is no such key, it is not symmetric, the limit is out of range or the marker none of ours.
    pub async fn list_key_rotations(&self, call: &Call, request: ListKeyRotations) -> Result<RotationPage, Error> {
        let ListKeyRotations { key_id, include_key_material: include, limit, marker } = request;
        call.trail.asks(json!({ "keyId": key_id, "includeKeyMaterial": include, "limit": limit, "marker": marker }));
        let include = include.map(|name| member("includeKeyMaterial", &name, IncludeKeyMaterial::ALL)).transpose()?;
        let wanted = Wanted::of(limit, 100, 1000, marker)?;
        let key = self.permitted(call, Action::ListKeyRotations, key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        key.require_several_materials().map_err(self.refusal(&key))?;
        let (arn, now) = (self.arn(&key), self.clock.now());
        let materials: Vec<Material> = match include.unwrap_or(IncludeKeyMaterial::RotationsOnly) {
            IncludeKeyMaterial::RotationsOnly => key.rotations().cloned().collect(),
            IncludeKeyMaterial::AllKeyMaterial => key.known_materials(now).cloned().collect(),
        };
        let following = match &wanted.after {
            Some(after) => {
                let last = materials.iter().position(|material| material.id.to_string() == *after);
                materials[last.ok_or(Error::InvalidMarker)? + 1..].to_vec()
            }
            None => materials,
        };
        let (page, next_marker) = wanted.cut(following, |material| material.id.to_string());
        let rotations = page.into_iter().map(|material| shown(&key, material, now)).collect();
        Ok(RotationPage { arn, rotations, next_marker })
    }

    /// GetKeyRotationStatus.
    ///
    /// # Errors
    /// Where there is no such key, or it is not symmetric.
    pub async fn key_rotation_status(&self, call: &Call, key_id: String) -> Result<RotationStatus, Error> {
        call.trail.asks(json!({ "keyId": key_id }));
        let key =
            self.permitted(call, Action::GetKeyRotationStatus, key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        key.require_several_materials().map_err(self.refusal(&key))?;
        Ok(RotationStatus { arn: self.arn(&key) })
    }

    /// EnableKeyRotation, which no key here has: an imported one cannot, by the reference's rules, and others do not yet.
    ///
    /// # Errors
    /// Always.
    pub async fn enable_key_rotation(&self, call: &Call, request: EnableKeyRotation) -> Result<(), Error> {
        let EnableKeyRotation { key_id, rotation_period_in_days: days } = request;
        call.trail.asks(json!({ "keyId": key_id, "rotationPeriodInDays": days }));
        days.map(|days| within("rotationPeriodInDays", days, 90, 2560)).transpose()?;
        self.refuse_automatic_rotation(call, Action::EnableKeyRotation, key_id).await
    }

    /// DisableKeyRotation, which no key here has.
    ///
    /// # Errors
    /// Always.
    pub async fn disable_key_rotation(&self, call: &Call, key_id: String) -> Result<(), Error> {
        call.trail.asks(json!({ "keyId": key_id }));
        self.refuse_automatic_rotation(call, Action::DisableKeyRotation, key_id).await
    }

    async fn refuse_automatic_rotation(&self, call: &Call, action: Action, key_id: String) -> Result<(), Error> {
        let key = self.permitted(call, action, key_id, KeyRef::IdOrArn, Circumstances::default()).await?;
        let refuse = self.refusal(&key);
        key.require_several_materials().map_err(&refuse)?;
        if key.origin != Origin::AwsKms {
            return Err(refuse(Refused::Origin(key.origin)));
        }
        key.use_now(self.clock.now()).map_err(&refuse)?;
        Err(Error::Unsupported(format!(
            "{} does not rotate by itself, as no key of keyferry does: use RotateKeyOnDemand.",
            self.arn(&key)
        )))
    }
}

fn shown(key: &Key, material: Material, now: Timestamp) -> RotationShown {
    let usable = material.is_usable(now);
    let Material { id, presence, rotation, rotated_at, description, expiration, .. } = material;
    let imported = key.origin == Origin::External;
    // Its time may be over before its bytes are gone.
    let presence = if presence == MaterialPresence::Imported && !usable { MaterialPresence::Expired } else { presence };
    RotationShown {
        material: id,
        description: Some(description).filter(|words| imported && !words.is_empty()),
        presence: imported.then_some(presence),
        rotation,
        expiration_model: (imported && usable).then(|| expiration.model()),
        valid_to: expiration.end().filter(|_| imported && usable),
        rotated_at,
    }
}

//! Keys, as the reference's KeyMetadata shows them.

use serde_json::Value;

use super::answer::{Answer, blob, moment, structure};
use super::members::Members;
use crate::model::{Expiration, KeyArn, KeySpec, KeyState, KeyUsage};
use crate::service::{
    CreateKey, Described, Error, ListKeys, Page, PublicKey, Related, ReplicateKey, Replicated, ScheduleKeyDeletion,
    Scheduled, UpdateKeyDescription, UpdatePrimaryRegion,
};

/// A request that names a key and nothing else.
pub(super) fn key_id(members: &mut Members) -> Result<String, Error> {
    members.required_text("keyId")
}

/// An answer that names a key and nothing else.
pub(super) fn named(arn: KeyArn) -> Answer {
    Answer::of([("KeyId", arn.as_str().into())])
}

pub(super) fn create(members: &mut Members) -> Result<CreateKey, Error> {
    let unsupported = ["customKeyStoreId", "xksKeyId"];
    for field in unsupported {
        if members.text(field)?.is_some() {
            return Err(Error::Unsupported(format!("{field} is not supported: there are no custom key stores.")));
        }
    }
    let (key_spec, former) = (members.text("keySpec")?, members.text("customerMasterKeySpec")?);
    if key_spec.is_some() && former.is_some() {
        let message =
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.";
        return Err(crate::model::Invalid::new("customerMasterKeySpec", message).into());
    }
    Ok(CreateKey {
        description: members.text("description")?.unwrap_or_default(),
        key_usage: members.text("keyUsage")?,
        key_spec: key_spec.or(former),
        origin: members.text("origin")?,
        multi_region: members.flag("multiRegion")?,
        tags: members.pairs("tags", ["tagKey", "tagValue"])?.unwrap_or_default(),
        policy: members.text("policy")?,
        bypass_policy_lockout_safety_check: members.flag("bypassPolicyLockoutSafetyCheck")?,
    })
}

pub(super) fn described(described: Described) -> Answer {
    Answer::of([("KeyMetadata", metadata(described))])
}

fn metadata(described: Described) -> Value {
    let relation = described.related().map_or(Value::Null, related);
    let Described { key, state, arn, realm: _, now } = described;
    let expiration = key.expiration(now);
    let material = key.current().filter(|_| key.spec.is_symmetric_encryption());
    let multi_region = key.id.is_multi_region();
    let waiting = key.deletion.filter(|deletion| deletion.at.is_none());
    structure([
        ("AWSAccountId", key.account.as_str().into()),
        ("KeyId", key.id.as_str().into()),
        ("Arn", arn.as_str().into()),
        ("CreationDate", moment(key.created_at)),
        ("Enabled", (state == KeyState::Enabled).into()),
        ("Description", key.description.as_str().into()),
        ("KeyUsage", key.usage.as_str().into()),
        ("KeyState", state.as_str().into()),
        ("DeletionDate", key.deletion.and_then(|deletion| deletion.at).map_or(Value::Null, moment)),
        ("ValidTo", expiration.map_or(Value::Null, end)),
        ("Origin", key.origin.as_str().into()),
        ("ExpirationModel", expiration.map(|expiration| expiration.model().as_str()).into()),
        ("KeyManager", "CUSTOMER".into()),
        ("CustomerMasterKeySpec", key.spec.as_str().into()),
        ("KeySpec", key.spec.as_str().into()),
        algorithms(key.spec, key.usage),
        ("MultiRegion", multi_region.into()),
        ("MultiRegionConfiguration", relation),
        ("PendingDeletionWindowInDays", waiting.map(|deletion| deletion.window_in_days).into()),
        ("CurrentKeyMaterialId", material.map(|material| material.id.to_string()).into()),
    ])
}

fn related(related: Related) -> Value {
    let Related { is_primary, primary, replicas } = related;
    let key = |(arn, region): (KeyArn, String)| structure([("Arn", arn.as_str().into()), ("Region", region.into())]);
    structure([
        ("MultiRegionKeyType", if is_primary { "PRIMARY" } else { "REPLICA" }.into()),
        ("PrimaryKey", key(primary)),
        ("ReplicaKeys", replicas.into_iter().map(key).collect()),
    ])
}

pub(super) fn replicate(members: &mut Members) -> Result<ReplicateKey, Error> {
    Ok(ReplicateKey {
        key_id: key_id(members)?,
        replica_region: members.required_text("replicaRegion")?,
        policy: members.text("policy")?,
        bypass_policy_lockout_safety_check: members.flag("bypassPolicyLockoutSafetyCheck")?,
        description: members.text("description")?.unwrap_or_default(),
        tags: members.pairs("tags", ["tagKey", "tagValue"])?.unwrap_or_default(),
    })
}

pub(super) fn replicated(replicated: Replicated) -> Answer {
    let Replicated { described, policy, tags } = replicated;
    let tags = tags.into_iter().map(|(key, value)| structure([("TagKey", key.into()), ("TagValue", value.into())]));
    Answer::of([
        ("ReplicaKeyMetadata", metadata(described)),
        ("ReplicaPolicy", policy.into()),
        ("ReplicaTags", tags.collect()),
    ])
}

pub(super) fn primary_region(members: &mut Members) -> Result<UpdatePrimaryRegion, Error> {
    Ok(UpdatePrimaryRegion { key_id: key_id(members)?, primary_region: members.required_text("primaryRegion")? })
}

/// When it ends; nothing where it does not.
pub(super) fn end(expiration: Expiration) -> Value {
    match expiration {
        Expiration::At(end) => moment(end),
        Expiration::Never => Value::Null,
    }
}

/// The algorithms of a key, in the list that its usage puts them into.
fn algorithms(spec: KeySpec, usage: KeyUsage) -> (&'static str, Value) {
    let list = match usage {
        KeyUsage::EncryptDecrypt => "EncryptionAlgorithms",
        KeyUsage::SignVerify => "SigningAlgorithms",
        KeyUsage::KeyAgreement => "KeyAgreementAlgorithms",
        KeyUsage::GenerateVerifyMac => "MacAlgorithms",
    };
    (list, spec.algorithms(usage).into())
}

pub(super) fn list(members: &mut Members) -> Result<ListKeys, Error> {
    Ok(ListKeys { limit: members.integer("limit")?, marker: members.text("marker")? })
}

pub(super) fn page(page: Page) -> Answer {
    let Page { keys, next_marker } = page;
    let entries =
        keys.into_iter().map(|(id, arn)| structure([("KeyId", id.as_str().into()), ("KeyArn", arn.as_str().into())]));
    Answer::of([("Keys", entries.collect())]).page(next_marker)
}

pub(super) fn public_key(key: PublicKey) -> Answer {
    let PublicKey { arn, spki, spec, usage } = key;
    Answer::of([
        ("KeyId", arn.as_str().into()),
        ("PublicKey", blob(&spki)),
        ("CustomerMasterKeySpec", spec.as_str().into()),
        ("KeySpec", spec.as_str().into()),
        ("KeyUsage", usage.as_str().into()),
        algorithms(spec, usage),
    ])
}

pub(super) fn schedule(members: &mut Members) -> Result<ScheduleKeyDeletion, Error> {
    Ok(ScheduleKeyDeletion { key_id: key_id(members)?, pending_window_in_days: members.integer("pendingWindowInDays")? })
}

pub(super) fn scheduled(scheduled: Scheduled) -> Answer {
    let Scheduled { arn, deletion } = scheduled;
    Answer::of([
        ("KeyId", arn.as_str().into()),
        ("DeletionDate", deletion.at.map_or(Value::Null, moment)),
        ("KeyState", deletion.state().as_str().into()),
        ("PendingWindowInDays", deletion.window_in_days.into()),
    ])
}

pub(super) fn update_description(members: &mut Members) -> Result<UpdateKeyDescription, Error> {
    Ok(UpdateKeyDescription { key_id: key_id(members)?, description: members.text("description")? })
}

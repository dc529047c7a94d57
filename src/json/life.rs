//! Tags, aliases, policy documents and rotations.

use serde_json::Value;

use super::answer::{Answer, moment, structure};
use super::keys::key_id;
use super::members::Members;
use crate::model::{Invalid, MaterialPresence};
use crate::service::{
    AliasPage, AliasShown, AliasTarget, EnableKeyRotation, Error, GetKeyPolicy, ListAliases, ListKeyRotations, ListOfKey,
    PolicyNamePage, PutKeyPolicy, RotationPage, RotationShown, RotationStatus, TagPage, TagResource, UntagResource,
};

pub(super) fn tag(members: &mut Members) -> Result<TagResource, Error> {
    let key_id = key_id(members)?;
    let tags = members.pairs("tags", ["tagKey", "tagValue"])?.ok_or_else(|| Invalid::missing("tags"))?;
    Ok(TagResource { key_id, tags })
}

pub(super) fn untag(members: &mut Members) -> Result<UntagResource, Error> {
    let key_id = key_id(members)?;
    let tag_keys = members.texts("tagKeys")?.ok_or_else(|| Invalid::missing("tagKeys"))?;
    Ok(UntagResource { key_id, tag_keys })
}

pub(super) fn list_of_key(members: &mut Members) -> Result<ListOfKey, Error> {
    Ok(ListOfKey { key_id: key_id(members)?, limit: members.integer("limit")?, marker: members.text("marker")? })
}

pub(super) fn tags(page: TagPage) -> Answer {
    let TagPage { tags, next_marker } = page;
    let tags = tags.into_iter().map(|(key, value)| structure([("TagKey", key.into()), ("TagValue", value.into())]));
    Answer::of([("Tags", tags.collect())]).page(next_marker)
}

pub(super) fn alias_target(members: &mut Members) -> Result<AliasTarget, Error> {
    Ok(AliasTarget { alias_name: alias_name(members)?, target_key_id: members.required_text("targetKeyId")? })
}

pub(super) fn alias_name(members: &mut Members) -> Result<String, Error> {
    members.required_text("aliasName")
}

pub(super) fn list_aliases(members: &mut Members) -> Result<ListAliases, Error> {
    let (limit, marker) = (members.integer("limit")?, members.text("marker")?);
    Ok(ListAliases { key_id: members.text("keyId")?, limit, marker })
}

pub(super) fn aliases(page: AliasPage) -> Answer {
    let AliasPage { aliases, next_marker } = page;
    let entries = aliases.into_iter().map(|AliasShown { name, arn, target, created_at, updated_at }| {
        structure([
            ("AliasName", name.into()),
            ("AliasArn", arn.into()),
            ("TargetKeyId", target.as_str().into()),
            ("CreationDate", moment(created_at)),
            ("LastUpdatedDate", moment(updated_at)),
        ])
    });
    Answer::of([("Aliases", entries.collect())]).page(next_marker)
}

pub(super) fn put_policy(members: &mut Members) -> Result<PutKeyPolicy, Error> {
    Ok(PutKeyPolicy {
        key_id: key_id(members)?,
        policy_name: members.text("policyName")?,
        policy: members.required_text("policy")?,
        bypass_policy_lockout_safety_check: members.flag("bypassPolicyLockoutSafetyCheck")?,
    })
}

pub(super) fn policy_name(members: &mut Members) -> Result<GetKeyPolicy, Error> {
    Ok(GetKeyPolicy { key_id: key_id(members)?, policy_name: members.text("policyName")? })
}

pub(super) fn policy(policy: String) -> Answer {
    Answer::of([("Policy", policy.into()), ("PolicyName", "default".into())])
}

pub(super) fn policy_names(page: PolicyNamePage) -> Answer {
    let PolicyNamePage { names, next_marker } = page;
    Answer::of([("PolicyNames", names.into())]).page(next_marker)
}

pub(super) fn enable_rotation(members: &mut Members) -> Result<EnableKeyRotation, Error> {
    Ok(EnableKeyRotation { key_id: key_id(members)?, rotation_period_in_days: members.integer("rotationPeriodInDays")? })
}

pub(super) fn rotation_status(status: RotationStatus) -> Answer {
    let RotationStatus { arn } = status;
    Answer::of([("KeyId", arn.as_str().into()), ("KeyRotationEnabled", false.into())])
}

pub(super) fn list_rotations(members: &mut Members) -> Result<ListKeyRotations, Error> {
    Ok(ListKeyRotations {
        key_id: key_id(members)?,
        include_key_material: members.text("includeKeyMaterial")?,
        limit: members.integer("limit")?,
        marker: members.text("marker")?,
    })
}

pub(super) fn rotations(page: RotationPage) -> Answer {
    let RotationPage { arn, rotations, next_marker } = page;
    let entries = rotations.into_iter().map(|shown| {
        let RotationShown { material, description, presence, rotation, expiration_model, valid_to, rotated_at } = shown;
        let state = presence.map(|presence| match presence {
            MaterialPresence::Imported => "IMPORTED",
            MaterialPresence::Expired | MaterialPresence::Deleted | MaterialPresence::Awaited => "PENDING_IMPORT",
        });
        structure([
            ("KeyId", arn.as_str().into()),
            ("KeyMaterialId", material.to_string().into()),
            ("KeyMaterialDescription", description.into()),
            ("ImportState", state.into()),
            ("KeyMaterialState", rotation.as_str().into()),
            ("ExpirationModel", expiration_model.map(|model| model.as_str()).into()),
            ("ValidTo", valid_to.map_or(Value::Null, moment)),
            ("RotationDate", rotated_at.map_or(Value::Null, moment)),
            ("RotationType", rotated_at.map(|_| "ON_DEMAND").into()),
        ])
    });
    Answer::of([("Rotations", entries.collect())]).page(next_marker)
}

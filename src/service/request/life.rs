//! What else there is to a key's life: tags, aliases, policy documents, rotations.

use crate::model::{ExpirationModel, KeyArn, KeyId, KeyMaterialId, MaterialPresence, Rotation, Timestamp};

/// TagResource.
#[derive(Clone, Debug, Default)]
pub struct TagResource {
    /// A key id or key ARN.
    pub key_id: String,
    /// Keys and values; a key that is there gets the new value.
    pub tags: Vec<(String, String)>,
}

/// UntagResource.
#[derive(Clone, Debug, Default)]
pub struct UntagResource {
    /// A key id or key ARN.
    pub key_id: String,
    /// The keys of the tags to take away; those that are not there are not missed.
    pub tag_keys: Vec<String>,
}

/// ListResourceTags, ListKeyPolicies.
#[derive(Clone, Debug, Default)]
pub struct ListOfKey {
    /// A key id or key ARN.
    pub key_id: String,
    /// 1 to 1000.
    pub limit: Option<i32>,
    /// The marker of the page before.
    pub marker: Option<String>,
}

/// One page of tags.
#[derive(Clone, Debug)]
pub struct TagPage {
    /// In the order of their keys.
    pub tags: Vec<(String, String)>,
    /// Present where more follow.
    pub next_marker: Option<String>,
}

/// CreateAlias, UpdateAlias.
#[derive(Clone, Debug, Default)]
pub struct AliasTarget {
    /// `alias/` and up to 250 characters of `[a-zA-Z0-9/_-]`.
    pub alias_name: String,
    /// A key id or key ARN.
    pub target_key_id: String,
}

/// ListAliases.
#[derive(Clone, Debug, Default)]
pub struct ListAliases {
    /// A key id or key ARN: only this key's.
    pub key_id: Option<String>,
    /// 1 to 1000; 50 where absent.
    pub limit: Option<i32>,
    /// The marker of the page before.
    pub marker: Option<String>,
}

/// An alias as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasShown {
    /// `alias/…`
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The key that it is of.
    pub target: KeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was given to its key.
    pub updated_at: Timestamp,
}

/// One page of aliases.
#[derive(Clone, Debug)]
pub struct AliasPage {
    /// In the order of their names.
    pub aliases: Vec<AliasShown>,
    /// Present where more follow.
    pub next_marker: Option<String>,
}

/// PutKeyPolicy.
#[derive(Clone, Debug, Default)]
pub struct PutKeyPolicy {
    /// A key id or key ARN.
    pub key_id: String,
    /// `default`, which is what it is where absent.
    pub policy_name: Option<String>,
    /// A JSON document of 1 to 32768 bytes.
    pub policy: String,
    /// Keeps even a document that would lock its owner out, were it what decides.
    pub bypass_policy_lockout_safety_check: bool,
}

/// GetKeyPolicy.
#[derive(Clone, Debug, Default)]
pub struct GetKeyPolicy {
    /// A key id or key ARN.
    pub key_id: String,
    /// `default`, which is what it is where absent.
    pub policy_name: Option<String>,
}

/// One page of the names of policy documents: `default`.
#[derive(Clone, Debug)]
pub struct PolicyNamePage {
    /// The names.
    pub names: Vec<String>,
    /// Present where more follow.
    pub next_marker: Option<String>,
}

/// EnableKeyRotation.
#[derive(Clone, Debug, Default)]
pub struct EnableKeyRotation {
    /// A key id or key ARN.
    pub key_id: String,
    /// 90 to 2560.
    pub rotation_period_in_days: Option<i32>,
}

/// GetKeyRotationStatus's answer. No key here rotates by itself.
#[derive(Clone, Debug)]
pub struct RotationStatus {
    /// The key's ARN.
    pub arn: KeyArn,
}

/// ListKeyRotations.
#[derive(Clone, Debug, Default)]
pub struct ListKeyRotations {
    /// A key id or key ARN.
    pub key_id: String,
    /// ROTATIONS_ONLY (the default) or ALL_KEY_MATERIAL.
    pub include_key_material: Option<String>,
    /// 1 to 1000; 100 where absent.
    pub limit: Option<i32>,
    /// The marker of the page before.
    pub marker: Option<String>,
}

/// A material, and when it took its turn.
#[derive(Clone, Debug)]
pub struct RotationShown {
    /// Which material.
    pub material: KeyMaterialId,
    /// The caller's words for it; imported material only.
    pub description: Option<String>,
    /// Whether the bytes are in the token; imported material only.
    pub presence: Option<MaterialPresence>,
    /// Its place.
    pub rotation: Rotation,
    /// Whether it ends; present while imported material is there.
    pub expiration_model: Option<ExpirationModel>,
    /// When it ends.
    pub valid_to: Option<Timestamp>,
    /// When it took its turn; absent for the first, and for one that waits.
    pub rotated_at: Option<Timestamp>,
}

/// One page of them.
#[derive(Clone, Debug)]
pub struct RotationPage {
    /// The key's ARN.
    pub arn: KeyArn,
    /// In the order in which they came.
    pub rotations: Vec<RotationShown>,
    /// Present where more follow.
    pub next_marker: Option<String>,
}

//! Multi-Region keys: how they are shown, replicated, and led from another Region.

use super::Described;
use crate::model::key::Family;
use crate::model::{KeyArn, Realm, Tags};

/// Related multi-Region keys, each by its ARN and Region.
#[derive(Clone, Debug)]
pub struct Related {
    /// Whether the one that is shown is the primary.
    pub is_primary: bool,
    /// The primary.
    pub primary: (KeyArn, String),
    /// The replicas.
    pub replicas: Vec<(KeyArn, String)>,
}

impl Described {
    /// Those that it is related to, itself among them; `None` where it is no multi-Region key.
    pub fn related(&self) -> Option<Related> {
        let Family { is_primary, primary, replicas } = self.key.family(&self.realm.region)?;
        let at = |region: String| {
            let realm = Realm { region, ..self.realm.clone() };
            (realm.arn(&self.key.account, &self.key.id), realm.region)
        };
        Some(Related { is_primary, primary: at(primary), replicas: replicas.into_iter().map(at).collect() })
    }
}

/// ReplicateKey.
#[derive(Clone, Debug, Default)]
pub struct ReplicateKey {
    /// A key id or key ARN.
    pub key_id: String,
    /// The Region of the replica. Required.
    pub replica_region: String,
    /// A policy document to keep with the replica.
    pub policy: Option<String>,
    /// Keeps even a document that would lock its owner out, were it what decides.
    pub bypass_policy_lockout_safety_check: bool,
    /// Up to 8192 characters.
    pub description: String,
    /// Up to 50, keys and values.
    pub tags: Vec<(String, String)>,
}

/// ReplicateKey's answer.
#[derive(Clone, Debug)]
pub struct Replicated {
    /// The replica, which its Region is just making.
    pub described: Described,
    /// The policy document that is kept with it, or the usual one.
    pub policy: String,
    /// Its tags.
    pub tags: Tags,
}

/// UpdatePrimaryRegion.
#[derive(Clone, Debug, Default)]
pub struct UpdatePrimaryRegion {
    /// A key id or key ARN.
    pub key_id: String,
    /// The Region of the replica that becomes the primary. Required.
    pub primary_region: String,
}

//! Multi-Region keys: what people ask for, and what services tell each other.

use super::connection::Client;
use super::error::{Error, Local};
use super::key::Key;
use super::keys::Replica;
use super::tags;
use super::wire::{Wire, present, timestamp};
use crate::model::KeyMaterialId;
use crate::model::key::{Birth, Report, Shared, Telling, Told};
use crate::proto;
use crate::proto::synchronize_multi_region_key_request::Told as WireTold;

/// Each takes a key id or a key ARN where it takes a key, and fails as [`Client::call`] does, or with [`Error::Local`] where it
/// does not understand the answer.
impl Client {
    /// ReplicateKey: makes a replica of a primary key in another Region; answers it as it is being made.
    pub async fn replicate_key(&self, key_id: &str, replica: &Replica) -> Result<Key, Error> {
        let Replica { region, description, tags, policy } = replica;
        let question = proto::ReplicateKeyRequest {
            key_id: key_id.to_owned(),
            replica_region: region.clone(),
            policy: policy.clone(),
            bypass_policy_lockout_safety_check: false,
            description: description.clone(),
            tags: tags::of(tags),
        };
        let shown: proto::ReplicateKeyResponse = self.ask("/keyferry.v1.KeyService/ReplicateKey", &question).await?;
        Ok(present("ReplicaKeyMetadata", shown.replica_key_metadata)?.try_into()?)
    }

    /// UpdatePrimaryRegion: makes the replica in another Region the primary.
    pub async fn update_primary_region(&self, key_id: &str, region: &str) -> Result<(), Error> {
        let (key_id, primary_region) = (key_id.to_owned(), region.to_owned());
        let question = proto::UpdatePrimaryRegionRequest { key_id, primary_region };
        let _: proto::UpdatePrimaryRegionResponse =
            self.ask("/keyferry.v1.KeyService/UpdatePrimaryRegion", &question).await?;
        Ok(())
    }

    /// SynchronizeMultiRegionKey: tells the service of another Region of a key that both keep.
    pub async fn synchronize_multi_region_key(&self, telling: &Telling) -> Result<Report, Error> {
        let Telling { account, key, from, told, only_asks } = telling;
        let question = proto::SynchronizeMultiRegionKeyRequest {
            account: account.to_string(),
            key_id: key.to_string(),
            from_region: from.clone(),
            told: Some(match told {
                Told::Shared(shared) => WireTold::Shared(shared_state(shared)),
                Told::Report(report) => WireTold::Report(replica_report(report)),
            }),
            only_asks: *only_asks,
        };
        let path = "/keyferry.v1.RegionService/SynchronizeMultiRegionKey";
        let heard: proto::SynchronizeMultiRegionKeyResponse = self.ask(path, &question).await?;
        Ok(report(present("Report", heard.report)?)?)
    }
}

fn shared_state(shared: &Shared) -> proto::SharedKeyState {
    let Shared { generation, primary, siblings, spec, usage, origin, materials, birth, requester } = shared;
    let related = siblings.iter().map(|sibling| proto::RelatedKey { region: sibling.region.clone(), born: sibling.born });
    let materials = materials.iter().map(|material| proto::SharedKeyMaterial {
        key_material_id: material.id.to_string(),
        state: material.rotation.number(),
        rotated_at: material.rotated_at.map(timestamp),
    });
    proto::SharedKeyState {
        generation: *generation,
        primary_region: primary.clone(),
        related_keys: related.collect(),
        key_spec: spec.number(),
        key_usage: usage.number(),
        origin: origin.number(),
        materials: materials.collect(),
        birth: birth.as_ref().map(|Birth { description, tags, policy, requester }| proto::ReplicaBirth {
            description: description.clone(),
            tags: tags::of(tags),
            policy: policy.clone(),
            requester: requester.clone(),
        }),
        primary_requester: requester.clone().unwrap_or_default(),
    }
}

fn replica_report(report: &Report) -> proto::ReplicaReport {
    let Report { born, version, materials, is_leaving } = report;
    proto::ReplicaReport {
        born: *born,
        version: *version,
        key_material_ids: materials.iter().map(ToString::to_string).collect(),
        is_leaving: *is_leaving,
    }
}

fn report(report: proto::ReplicaReport) -> Result<Report, Local> {
    let proto::ReplicaReport { born, version, key_material_ids, is_leaving } = report;
    let materials = key_material_ids.iter().map(|id| present("KeyMaterialIds", KeyMaterialId::parse(id)));
    Ok(Report { born, version, materials: materials.collect::<Result<_, _>>()?, is_leaving })
}

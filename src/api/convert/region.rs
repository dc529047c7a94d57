//! What the services of several Regions tell each other.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::{names, tags, time};
use crate::model::key::{Birth, Report, Shared, SharedMaterial, Sibling, Telling, Told};
use crate::model::{Account, Invalid, KeyId, KeyMaterialId, Realm};
use crate::proto;
use crate::proto::synchronize_multi_region_key_request::Told as WireTold;

impl TryFrom<proto::SynchronizeMultiRegionKeyRequest> for Telling {
    type Error = Invalid;

    fn try_from(request: proto::SynchronizeMultiRegionKeyRequest) -> Result<Self, Invalid> {
        let proto::SynchronizeMultiRegionKeyRequest { account, key_id, from_region, told, only_asks } = request;
        Ok(Self {
            account: known("account", Account::parse(&account))?,
            key: known("keyId", KeyId::parse(&key_id).filter(KeyId::is_multi_region))?,
            from: region("fromRegion", from_region)?,
            told: match told.ok_or_else(|| Invalid::missing("told"))? {
                WireTold::Shared(shared) => Told::Shared(Box::new(shared.try_into()?)),
                WireTold::Report(report) => Told::Report(report.try_into()?),
            },
            only_asks,
        })
    }
}

impl TryFrom<proto::SharedKeyState> for Shared {
    type Error = Invalid;

    fn try_from(shared: proto::SharedKeyState) -> Result<Self, Invalid> {
        let siblings = shared
            .related_keys
            .into_iter()
            .map(|proto::RelatedKey { region: name, born }| Ok(Sibling { region: region("relatedKeys", name)?, born }));
        Ok(Self {
            generation: shared.generation,
            primary: region("primaryRegion", shared.primary_region)?,
            siblings: siblings.collect::<Result<_, Invalid>>()?,
            spec: named::<proto::KeySpec, _>("keySpec", shared.key_spec)?,
            usage: named::<proto::KeyUsage, _>("keyUsage", shared.key_usage)?,
            origin: named::<proto::Origin, _>("origin", shared.origin)?,
            materials: shared.materials.into_iter().map(SharedMaterial::try_from).collect::<Result<_, _>>()?,
            birth: shared.birth.map(|birth| Birth {
                description: birth.description,
                tags: birth.tags.into_iter().map(tags::pair).collect::<BTreeMap<_, _>>(),
                policy: birth.policy,
                requester: birth.requester,
            }),
            requester: Some(shared.primary_requester).filter(|name| !name.is_empty()),
        })
    }
}

impl TryFrom<proto::SharedKeyMaterial> for SharedMaterial {
    type Error = Invalid;

    fn try_from(material: proto::SharedKeyMaterial) -> Result<Self, Invalid> {
        let proto::SharedKeyMaterial { key_material_id, state, rotated_at } = material;
        Ok(Self {
            id: material_id(&key_material_id)?,
            rotation: named::<proto::KeyMaterialState, _>("state", state)?,
            rotated_at: rotated_at.map(|moment| time::moment("rotatedAt", moment)).transpose()?,
        })
    }
}

impl TryFrom<proto::ReplicaReport> for Report {
    type Error = Invalid;

    fn try_from(report: proto::ReplicaReport) -> Result<Self, Invalid> {
        let proto::ReplicaReport { born, version, key_material_ids, is_leaving } = report;
        let materials = key_material_ids.iter().map(|id| material_id(id)).collect::<Result<_, _>>()?;
        Ok(Self { born, version, materials, is_leaving })
    }
}

impl From<Report> for proto::ReplicaReport {
    fn from(report: Report) -> Self {
        let Report { born, version, materials, is_leaving } = report;
        let key_material_ids = materials.iter().map(ToString::to_string).collect();
        Self { born, version, key_material_ids, is_leaving }
    }
}

/// The member of an enumeration that a number on the wire stands for.
fn named<E: names::Named, T: FromStr>(field: &'static str, number: i32) -> Result<T, Invalid> {
    known(field, names::name::<E>(number).and_then(|name| name.parse().ok()))
}

fn region(field: &'static str, text: String) -> Result<String, Invalid> {
    known(field, Some(text).filter(|text| Realm::is_region(text)))
}

fn material_id(text: &str) -> Result<KeyMaterialId, Invalid> {
    known("keyMaterialId", KeyMaterialId::parse(text))
}

/// A peer that says what this service does not understand is newer, or broken.
fn known<T>(field: &'static str, value: Option<T>) -> Result<T, Invalid> {
    value.ok_or_else(|| {
        Invalid::new(field, format!("{field} is not what this service understands: upgrade it to its peers' version"))
    })
}

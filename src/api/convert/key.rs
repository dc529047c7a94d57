//! Keys, as the reference's KeyMetadata shows them.

use crate::api::convert::names::{self, name, number};
use crate::api::convert::{tags, time};
use crate::model::{Expiration, KeyArn, KeyState, KeyUsage, Material, Origin};
use crate::proto;
use crate::service::{
    CreateKey, Described, ListKeys, Page, Proof, PublicKey, Related, ReplicateKey, Replicated, ScheduleKeyDeletion,
    Scheduled, UpdateKeyDescription, UpdatePrimaryRegion,
};

impl From<proto::CreateKeyRequest> for CreateKey {
    fn from(request: proto::CreateKeyRequest) -> Self {
        let proto::CreateKeyRequest {
            description,
            key_usage,
            key_spec,
            origin,
            multi_region,
            tags,
            policy,
            bypass_policy_lockout_safety_check,
        } = request;
        Self {
            description,
            key_usage: name::<proto::KeyUsage>(key_usage),
            key_spec: name::<proto::KeySpec>(key_spec),
            origin: name::<proto::Origin>(origin),
            multi_region,
            tags: tags.into_iter().map(tags::pair).collect(),
            policy,
            bypass_policy_lockout_safety_check,
        }
    }
}

impl From<Described> for proto::KeyMetadata {
    fn from(described: Described) -> Self {
        let related = described.related().map(Into::into);
        let Described { key, state, arn, realm: _, now } = described;
        let expiration = key.expiration(now).filter(|_| key.origin == Origin::External);
        let current = key.current();
        let material_id = current.filter(|_| key.spec.is_symmetric_encryption()).map(|material| material.id.to_string());
        let proof = current.filter(|material| material.is_usable(now)).map(|material| proof(material).into());
        let algorithms = Algorithms::of(key.spec, key.usage);
        let multi_region = key.id.is_multi_region();
        Self {
            aws_account_id: key.account.to_string(),
            key_id: key.id.to_string(),
            arn: arn.to_string(),
            creation_date: Some(time::wire(key.created_at)),
            enabled: state == KeyState::Enabled,
            key_usage: number::<proto::KeyUsage>(key.usage.as_str()),
            key_state: names::key_state(state),
            deletion_date: key.deletion.and_then(|deletion| deletion.at).map(time::wire),
            valid_to: match expiration {
                Some(Expiration::At(end)) => Some(time::wire(end)),
                Some(Expiration::Never) | None => None,
            },
            origin: number::<proto::Origin>(key.origin.as_str()),
            expiration_model: expiration
                .map_or(0, |expiration| number::<proto::ExpirationModel>(expiration.model().as_str())),
            key_manager: proto::KeyManager::Customer.into(),
            key_spec: number::<proto::KeySpec>(key.spec.as_str()),
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            key_agreement_algorithms: algorithms.key_agreement,
            mac_algorithms: algorithms.mac,
            multi_region,
            multi_region_configuration: related,
            current_key_material_id: material_id.unwrap_or_default(),
            key_material_proof: proof,
            pending_deletion_window_in_days: key.deletion.filter(|one| one.at.is_none()).map(|one| one.window_in_days),
            description: key.description,
        }
    }
}

impl From<Related> for proto::MultiRegionConfiguration {
    fn from(related: Related) -> Self {
        let Related { is_primary, primary, replicas } = related;
        let key = |(arn, region): (KeyArn, String)| proto::MultiRegionKey { arn: arn.to_string(), region };
        let role = if is_primary { proto::MultiRegionKeyType::Primary } else { proto::MultiRegionKeyType::Replica };
        Self {
            multi_region_key_type: role.into(),
            primary_key: Some(key(primary)),
            replica_keys: replicas.into_iter().map(key).collect(),
        }
    }
}

impl From<proto::ReplicateKeyRequest> for ReplicateKey {
    fn from(request: proto::ReplicateKeyRequest) -> Self {
        let proto::ReplicateKeyRequest {
            key_id,
            replica_region,
            policy,
            bypass_policy_lockout_safety_check,
            description,
            tags,
        } = request;
        let tags = tags.into_iter().map(tags::pair).collect();
        Self { key_id, replica_region, policy, bypass_policy_lockout_safety_check, description, tags }
    }
}

impl From<Replicated> for proto::ReplicateKeyResponse {
    fn from(replicated: Replicated) -> Self {
        let Replicated { described, policy, tags } = replicated;
        Self {
            replica_key_metadata: Some(described.into()),
            replica_policy: policy,
            replica_tags: tags.into_iter().map(|(tag_key, tag_value)| proto::Tag { tag_key, tag_value }).collect(),
        }
    }
}

impl From<proto::UpdatePrimaryRegionRequest> for UpdatePrimaryRegion {
    fn from(request: proto::UpdatePrimaryRegionRequest) -> Self {
        let proto::UpdatePrimaryRegionRequest { key_id, primary_region } = request;
        Self { key_id, primary_region }
    }
}

fn proof(material: &Material) -> Proof {
    Proof { fingerprint: material.id, kcv: material.kcv, spki: material.spki.clone(), exposure: material.exposure }
}

/// The algorithms of a key, in the list that its usage puts them into.
#[derive(Default)]
struct Algorithms {
    encryption: Vec<String>,
    signing: Vec<String>,
    key_agreement: Vec<String>,
    mac: Vec<String>,
}

impl Algorithms {
    fn of(spec: crate::model::KeySpec, usage: KeyUsage) -> Self {
        let names = spec.algorithms(usage).iter().map(ToString::to_string).collect();
        match usage {
            KeyUsage::EncryptDecrypt => Self { encryption: names, ..Self::default() },
            KeyUsage::SignVerify => Self { signing: names, ..Self::default() },
            KeyUsage::KeyAgreement => Self { key_agreement: names, ..Self::default() },
            KeyUsage::GenerateVerifyMac => Self { mac: names, ..Self::default() },
        }
    }
}

impl From<proto::ListKeysRequest> for ListKeys {
    fn from(request: proto::ListKeysRequest) -> Self {
        let proto::ListKeysRequest { limit, marker } = request;
        Self { limit, marker }
    }
}

impl From<Page> for proto::ListKeysResponse {
    fn from(page: Page) -> Self {
        let Page { keys, next_marker } = page;
        let entry = |(id, arn): (crate::model::KeyId, crate::model::KeyArn)| proto::KeyListEntry {
            key_id: id.to_string(),
            key_arn: arn.to_string(),
        };
        Self {
            keys: keys.into_iter().map(entry).collect(),
            truncated: next_marker.is_some(),
            next_marker: next_marker.unwrap_or_default(),
        }
    }
}

impl From<PublicKey> for proto::GetPublicKeyResponse {
    fn from(key: PublicKey) -> Self {
        let PublicKey { arn, spki, spec, usage } = key;
        let algorithms = Algorithms::of(spec, usage);
        Self {
            key_id: arn.to_string(),
            public_key: spki,
            key_spec: number::<proto::KeySpec>(spec.as_str()),
            key_usage: number::<proto::KeyUsage>(usage.as_str()),
            encryption_algorithms: algorithms.encryption,
            signing_algorithms: algorithms.signing,
            key_agreement_algorithms: algorithms.key_agreement,
        }
    }
}

impl From<proto::ScheduleKeyDeletionRequest> for ScheduleKeyDeletion {
    fn from(request: proto::ScheduleKeyDeletionRequest) -> Self {
        let proto::ScheduleKeyDeletionRequest { key_id, pending_window_in_days } = request;
        Self { key_id, pending_window_in_days }
    }
}

impl From<Scheduled> for proto::ScheduleKeyDeletionResponse {
    fn from(scheduled: Scheduled) -> Self {
        let Scheduled { arn, deletion } = scheduled;
        Self {
            key_id: arn.to_string(),
            deletion_date: deletion.at.map(time::wire),
            key_state: names::key_state(deletion.state()),
            pending_window_in_days: i32::try_from(deletion.window_in_days).unwrap_or(i32::MAX),
        }
    }
}

impl From<proto::UpdateKeyDescriptionRequest> for UpdateKeyDescription {
    fn from(request: proto::UpdateKeyDescriptionRequest) -> Self {
        let proto::UpdateKeyDescriptionRequest { key_id, description } = request;
        Self { key_id, description }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::Deletion;
    use crate::model::key::example::NOW;
    use crate::model::{Key, KeyId, KeySpec, MaterialPresence, Realm};

    fn material(expiration: Expiration) -> Material {
        Material { expiration, kcv: Some([0xAB, 0, 1]), ..Material::example(7) }
    }

    fn described(change: impl FnOnce(&mut Key)) -> proto::KeyMetadata {
        let realm = Realm { partition: "aws".into(), region: "us-east-1".into() };
        let mut key = Key::example();
        change(&mut key);
        let state = key.state(NOW);
        Described { arn: realm.arn(&key.account, &key.id), key, state, realm, now: NOW }.into()
    }

    #[test]
    fn a_key_without_material_shows_nothing_of_any() {
        let shown = described(|_| {});
        assert_eq!((shown.key_state(), shown.enabled), (proto::KeyState::PendingImport, false));
        assert_eq!((shown.expiration_model, shown.valid_to, shown.key_material_proof), (0, None, None));
        assert_eq!((shown.current_key_material_id.as_str(), shown.deletion_date), ("", None));
        assert_eq!(shown.encryption_algorithms, ["SYMMETRIC_DEFAULT"]);
    }

    #[test]
    fn imported_material_shows_how_it_ends_and_what_it_is() {
        let end = NOW.after(std::time::Duration::from_secs(1));
        let shown = described(|key| key.materials.push(material(Expiration::At(end))));
        assert_eq!((shown.key_state(), shown.enabled), (proto::KeyState::Enabled, true));
        assert_eq!(shown.expiration_model(), proto::ExpirationModel::KeyMaterialExpires);
        assert_eq!(shown.valid_to, Some(time::wire(end)));
        assert_eq!(shown.current_key_material_id, "07".repeat(32));
        assert_eq!(shown.key_material_proof.unwrap().key_check_value, "ab0001");
    }

    #[test]
    fn a_key_remembers_which_material_it_had() {
        let shown = described(|key| {
            key.materials.push(Material { presence: MaterialPresence::Deleted, ..material(Expiration::Never) });
        });
        assert_eq!((shown.expiration_model, shown.key_material_proof), (0, None));
        assert_eq!(shown.current_key_material_id, "07".repeat(32));
    }

    #[test]
    fn material_made_in_the_token_has_no_expiration_model() {
        let shown = described(|key| {
            key.origin = Origin::AwsKms;
            key.materials.push(material(Expiration::Never));
        });
        assert_eq!((shown.expiration_model, shown.enabled), (0, true));
    }

    #[test]
    fn only_multi_region_keys_and_deletions_have_their_fields() {
        let shown = described(|key| {
            key.id = KeyId::random(true);
            key.deletion = Some(Deletion { at: Some(NOW), window_in_days: 7 });
        });
        let related = shown.multi_region_configuration.clone().unwrap();
        assert_eq!(related.primary_key.unwrap().arn, shown.arn);
        assert_eq!((shown.multi_region, shown.deletion_date), (true, Some(time::wire(NOW))));
        assert_eq!(shown.key_state(), proto::KeyState::PendingDeletion);
    }

    #[test]
    fn algorithms_go_into_the_list_of_their_usage() {
        let shown = described(|key| (key.spec, key.usage) = (KeySpec::EccNistP256, KeyUsage::KeyAgreement));
        assert_eq!(shown.key_agreement_algorithms, ["ECDH"]);
        assert!(
            shown.encryption_algorithms.is_empty() && shown.signing_algorithms.is_empty() && shown.mac_algorithms.is_empty()
        );
    }
}

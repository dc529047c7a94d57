//! Key materials and their turns.

use crate::api::convert::names::{name, number};
use crate::api::convert::time;
use crate::model::{KeyArn, MaterialPresence};
use crate::proto;
use crate::service::{EnableKeyRotation, ListKeyRotations, RotationPage, RotationShown, RotationStatus};

impl From<proto::ListKeyRotationsRequest> for ListKeyRotations {
    fn from(request: proto::ListKeyRotationsRequest) -> Self {
        let proto::ListKeyRotationsRequest { key_id, include_key_material, limit, marker } = request;
        Self { key_id, include_key_material: name::<proto::IncludeKeyMaterial>(include_key_material), limit, marker }
    }
}

impl From<proto::EnableKeyRotationRequest> for EnableKeyRotation {
    fn from(request: proto::EnableKeyRotationRequest) -> Self {
        let proto::EnableKeyRotationRequest { key_id, rotation_period_in_days } = request;
        Self { key_id, rotation_period_in_days }
    }
}

impl From<RotationStatus> for proto::GetKeyRotationStatusResponse {
    fn from(status: RotationStatus) -> Self {
        let RotationStatus { arn } = status;
        Self { key_id: arn.to_string(), key_rotation_enabled: false }
    }
}

impl From<RotationPage> for proto::ListKeyRotationsResponse {
    fn from(page: RotationPage) -> Self {
        let RotationPage { arn, rotations, next_marker } = page;
        let key_id = id(&arn);
        Self {
            rotations: rotations.into_iter().map(|rotation| entry(key_id, rotation)).collect(),
            truncated: next_marker.is_some(),
            next_marker: next_marker.unwrap_or_default(),
        }
    }
}

/// The reference shows the key's id here, and not its ARN.
fn id(arn: &KeyArn) -> &str {
    arn.as_str().rsplit_once('/').map_or(arn.as_str(), |(_, id)| id)
}

fn entry(key_id: &str, shown: RotationShown) -> proto::RotationsListEntry {
    let RotationShown { material, description, presence, rotation, expiration_model, valid_to, rotated_at } = shown;
    proto::RotationsListEntry {
        key_id: key_id.to_owned(),
        key_material_id: material.to_string(),
        key_material_description: description.unwrap_or_default(),
        import_state: presence.map_or(0, |presence| import_state(presence).into()),
        key_material_state: number::<proto::KeyMaterialState>(rotation.as_str()),
        expiration_model: expiration_model.map_or(0, |model| number::<proto::ExpirationModel>(model.as_str())),
        valid_to: valid_to.map(time::wire),
        rotation_date: rotated_at.map(time::wire),
        rotation_type: rotated_at.map_or(0, |_| proto::RotationType::OnDemand.into()),
    }
}

fn import_state(presence: MaterialPresence) -> proto::ImportState {
    match presence {
        MaterialPresence::Imported => proto::ImportState::Imported,
        MaterialPresence::Deleted | MaterialPresence::Expired | MaterialPresence::Awaited => {
            proto::ImportState::PendingImport
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Account, ExpirationModel, KeyId, KeyMaterialId, Realm, Rotation, Timestamp};

    fn listed(change: impl FnOnce(&mut RotationShown)) -> (String, proto::RotationsListEntry) {
        let realm = Realm { partition: "aws".into(), region: "us-east-1".into() };
        let id = KeyId::random(true);
        let mut shown = RotationShown {
            material: KeyMaterialId([7; 32]),
            description: None,
            presence: None,
            rotation: Rotation::Current,
            expiration_model: None,
            valid_to: None,
            rotated_at: None,
        };
        change(&mut shown);
        let arn = realm.arn(&Account::parse("111122223333").unwrap(), &id);
        let page = RotationPage { arn, rotations: vec![shown], next_marker: None };
        let mut page: proto::ListKeyRotationsResponse = page.into();
        (id.to_string(), page.rotations.remove(0))
    }

    #[test]
    fn a_first_material_of_the_tokens_own_says_next_to_nothing() {
        let (id, shown) = listed(|_| {});
        let expected = proto::RotationsListEntry {
            key_id: id,
            key_material_id: "07".repeat(32),
            key_material_state: proto::KeyMaterialState::Current.into(),
            ..Default::default()
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn imported_material_that_took_its_turn_says_all() {
        let (now, end) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
        let (_, shown) = listed(|shown| {
            *shown = RotationShown {
                description: Some("of 2026".into()),
                presence: Some(MaterialPresence::Imported),
                rotation: Rotation::NonCurrent,
                expiration_model: Some(ExpirationModel::Expires),
                valid_to: Some(end),
                rotated_at: Some(now),
                ..shown.clone()
            };
        });
        assert_eq!(
            (shown.import_state(), shown.rotation_type()),
            (proto::ImportState::Imported, proto::RotationType::OnDemand)
        );
        assert_eq!(shown.key_material_state(), proto::KeyMaterialState::NonCurrent);
        assert_eq!(shown.expiration_model(), proto::ExpirationModel::KeyMaterialExpires);
        assert_eq!((shown.valid_to, shown.rotation_date), (Some(time::wire(end)), Some(time::wire(now))));
        assert_eq!(shown.key_material_description, "of 2026");
    }

    #[test]
    fn material_that_is_gone_waits_for_its_import_however_it_went() {
        for presence in [MaterialPresence::Deleted, MaterialPresence::Expired, MaterialPresence::Awaited] {
            let (_, shown) = listed(|shown| shown.presence = Some(presence));
            assert_eq!(shown.import_state(), proto::ImportState::PendingImport);
        }
    }
}

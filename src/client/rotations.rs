//! The key materials of a key, each in its turn.

use super::connection::Client;
use super::error::{Error, Local};
use super::key::material_id;
use super::pages::Markers;
use super::wire::{Wire, arn, moment, present, required};
use crate::model::{Expiration, ExpirationModel, IncludeKeyMaterial, KeyMaterialId, Rotation, Timestamp};
use crate::proto;

/// A key material of a symmetric encryption key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Which material.
    pub material_id: KeyMaterialId,
    /// Its owner's words for it; empty where there are none.
    pub description: String,
    /// Whether it is in the token; `None` of what was made there.
    pub is_imported: Option<bool>,
    /// Its place among the others.
    pub rotation: Rotation,
    /// When it ends; present while imported material is there.
    pub expiration: Option<Expiration>,
    /// When it took its turn; `None` of the first, and of one that waits.
    pub rotated_at: Option<Timestamp>,
}

impl TryFrom<proto::RotationsListEntry> for Turn {
    type Error = Local;

    fn try_from(turn: proto::RotationsListEntry) -> Result<Self, Local> {
        let is_imported = match turn.import_state() {
            proto::ImportState::Unspecified => None,
            state => Some(state == proto::ImportState::Imported),
        };
        let id = material_id("KeyMaterialId", &turn.key_material_id)?;
        Ok(Self {
            material_id: present("KeyMaterialId", id)?,
            is_imported,
            rotation: required("KeyMaterialState", turn.key_material_state)?,
            expiration: match ExpirationModel::of(turn.expiration_model) {
                Some(ExpirationModel::Expires) => Some(Expiration::At(present("ValidTo", turn.valid_to.and_then(moment))?)),
                Some(ExpirationModel::DoesNotExpire) => Some(Expiration::Never),
                None => None,
            },
            rotated_at: turn.rotation_date.map(|at| present("RotationDate", moment(at))).transpose()?,
            description: turn.key_material_description,
        })
    }
}

/// Each takes a key id or a key ARN, and fails as [`Client::call`] does, or with [`Error::Local`] where it does not understand the
/// answer.
impl Client {
    /// RotateKeyOnDemand: the material that waits takes its turn, or what the token makes for it; answers the key's ARN.
    pub async fn rotate_key_on_demand(&self, key_id: &str) -> Result<String, Error> {
        let question = proto::RotateKeyOnDemandRequest { key_id: key_id.to_owned() };
        let rotated: proto::RotateKeyOnDemandResponse =
            self.ask("/keyferry.v1.RotationService/RotateKeyOnDemand", &question).await?;
        Ok(arn("KeyId", rotated.key_id)?)
    }

    /// ListKeyRotations, page after page to the last: what took its turn in a rotation, or all key material there is.
    pub async fn list_key_rotations(&self, key_id: &str, include: IncludeKeyMaterial) -> Result<Vec<Turn>, Error> {
        let (mut all, mut markers, mut marker) = (Vec::new(), Markers::default(), None);
        loop {
            let question = proto::ListKeyRotationsRequest {
                key_id: key_id.to_owned(),
                include_key_material: include.number(),
                limit: None,
                marker,
            };
            let page: proto::ListKeyRotationsResponse =
                self.ask("/keyferry.v1.RotationService/ListKeyRotations", &question).await?;
            for turn in page.rotations {
                all.push(Turn::try_from(turn)?);
            }
            marker = markers.follow(page.truncated, page.next_marker)?;
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// GetKeyRotationStatus: whether the key rotates by itself, which none does.
    pub async fn get_key_rotation_status(&self, key_id: &str) -> Result<bool, Error> {
        let question = proto::GetKeyRotationStatusRequest { key_id: key_id.to_owned() };
        let status: proto::GetKeyRotationStatusResponse =
            self.ask("/keyferry.v1.RotationService/GetKeyRotationStatus", &question).await?;
        Ok(status.key_rotation_enabled)
    }

    /// EnableKeyRotation, every so many days: refused, for no key rotates by itself.
    pub async fn enable_key_rotation(&self, key_id: &str, days: Option<i32>) -> Result<(), Error> {
        let question = proto::EnableKeyRotationRequest { key_id: key_id.to_owned(), rotation_period_in_days: days };
        let _: proto::EnableKeyRotationResponse =
            self.ask("/keyferry.v1.RotationService/EnableKeyRotation", &question).await?;
        Ok(())
    }

    /// DisableKeyRotation: refused, for no key rotates by itself.
    pub async fn disable_key_rotation(&self, key_id: &str) -> Result<(), Error> {
        let question = proto::DisableKeyRotationRequest { key_id: key_id.to_owned() };
        let _: proto::DisableKeyRotationResponse =
            self.ask("/keyferry.v1.RotationService/DisableKeyRotation", &question).await?;
        Ok(())
    }
}

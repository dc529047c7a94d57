//! Rotation: several materials of one key, each in its turn.

use super::{Call, EnableKeyRotation, Error, ListKeyRotations, RotationPage, RotationStatus, Service};
use crate::model::KeyArn;

impl Service {
    /// RotateKeyOnDemand.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn rotate_key_on_demand(&self, call: &Call, key_id: String) -> Result<KeyArn, Error> {
        let _ = call;
        let _ = key_id;
        Err(Error::Unsupported("RotateKeyOnDemand is not served yet".to_owned()))
    }

    /// ListKeyRotations.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn list_key_rotations(&self, call: &Call, request: ListKeyRotations) -> Result<RotationPage, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("ListKeyRotations is not served yet".to_owned()))
    }

    /// GetKeyRotationStatus.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn key_rotation_status(&self, call: &Call, key_id: String) -> Result<RotationStatus, Error> {
        let _ = call;
        let _ = key_id;
        Err(Error::Unsupported("GetKeyRotationStatus is not served yet".to_owned()))
    }

    /// EnableKeyRotation.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn enable_key_rotation(&self, call: &Call, request: EnableKeyRotation) -> Result<(), Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("EnableKeyRotation is not served yet".to_owned()))
    }

    /// DisableKeyRotation.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn disable_key_rotation(&self, call: &Call, key_id: String) -> Result<(), Error> {
        let _ = call;
        let _ = key_id;
        Err(Error::Unsupported("DisableKeyRotation is not served yet".to_owned()))
    }
}

//! DeleteImportedKeyMaterial.

use serde_json::json;

use super::import::material_id;
use super::{Call, DeleteImportedKeyMaterial, Error, MaterialDeleted, Service};
use crate::model::{Action, Key, KeyRef};
use crate::policy::Circumstances;

impl Service {
    /// DeleteImportedKeyMaterial: destroys the material, and keeps in mind which it was.
    ///
    /// # Errors
    /// Where there is no such key, its material is made in the token, or the named material was never its own.
    pub async fn delete_imported_key_material(
        &self,
        call: &Call,
        request: DeleteImportedKeyMaterial,
    ) -> Result<MaterialDeleted, Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "keyMaterialId": request.key_material_id }));
        let named = request.key_material_id.map(material_id).transpose()?;
        let Key { account, id, .. } = self
            .permitted(call, Action::DeleteImportedKeyMaterial, request.key_id, KeyRef::IdOrArn, Circumstances::default())
            .await?;
        let (key, deleted) = self.change(&account, &id, |key, _now| key.delete_material(named)).await?;
        let deleted =
            MaterialDeleted { arn: self.arn(&key), material: deleted.filter(|_| key.spec.is_symmetric_encryption()) };
        let material = deleted.material.map(|id| id.to_string());
        call.trail.answers(json!({ "keyId": deleted.arn.as_str(), "keyMaterialId": material }));
        Ok(deleted)
    }
}

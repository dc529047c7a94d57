//! DeleteImportedKeyMaterial.

use super::import::material_id;
use super::{Call, DeleteImportedKeyMaterial, Error, MaterialDeleted, Service};

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
        let named = request.key_material_id.map(material_id).transpose()?;
        let (account, id) = self.resolve(call, request.key_id)?;
        let (key, deleted) = self.change(&account, &id, |key, _now| key.delete_material(named)).await?;
        Ok(MaterialDeleted { arn: self.arn(&key), material: deleted.filter(|_| key.spec.is_symmetric_encryption()) })
    }
}

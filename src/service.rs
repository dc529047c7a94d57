//! The use cases. What a caller may ask for, in the domain's words; every wire protocol is a front to this.

mod error;
mod request;

use crate::model::KeyArn;

pub use error::{Error, Kind};
pub use request::{
    Call, CreateKey, DeleteImportedKeyMaterial, Described, GetParametersForImport, ImportKeyMaterial, Imported, ListKeys,
    MaterialDeleted, Page, Parameters, Proof, PublicKey, ScheduleKeyDeletion, Scheduled, ServerInfo, UpdateKeyDescription,
};

/// The use cases over one store and one token.
#[derive(Debug)]
pub struct Service {}

#[allow(missing_docs, clippy::missing_errors_doc, unused_variables, clippy::unused_async)]
impl Service {
    pub async fn create_key(&self, call: &Call, request: CreateKey) -> Result<Described, Error> {
        todo!()
    }
    pub async fn describe_key(&self, call: &Call, key_id: String) -> Result<Described, Error> {
        todo!()
    }
    pub async fn list_keys(&self, call: &Call, request: ListKeys) -> Result<Page, Error> {
        todo!()
    }
    pub async fn public_key(&self, call: &Call, key_id: String) -> Result<PublicKey, Error> {
        todo!()
    }
    pub async fn enable_key(&self, call: &Call, key_id: String) -> Result<(), Error> {
        todo!()
    }
    pub async fn disable_key(&self, call: &Call, key_id: String) -> Result<(), Error> {
        todo!()
    }
    pub async fn schedule_key_deletion(&self, call: &Call, request: ScheduleKeyDeletion) -> Result<Scheduled, Error> {
        todo!()
    }
    pub async fn cancel_key_deletion(&self, call: &Call, key_id: String) -> Result<KeyArn, Error> {
        todo!()
    }
    pub async fn update_key_description(&self, call: &Call, request: UpdateKeyDescription) -> Result<(), Error> {
        todo!()
    }
    pub async fn parameters_for_import(&self, call: &Call, request: GetParametersForImport) -> Result<Parameters, Error> {
        todo!()
    }
    pub async fn import_key_material(&self, call: &Call, request: ImportKeyMaterial) -> Result<Imported, Error> {
        todo!()
    }
    pub async fn delete_imported_key_material(
        &self,
        call: &Call,
        request: DeleteImportedKeyMaterial,
    ) -> Result<MaterialDeleted, Error> {
        todo!()
    }
    /// Nothing secret.
    pub fn server_info(&self) -> ServerInfo {
        todo!()
    }
    /// What the probe at start found.
    pub fn token_profile(&self) -> &crate::hsm::Profile {
        todo!()
    }
}

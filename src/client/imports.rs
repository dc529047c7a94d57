//! The operations that bring key material in and take it away, one method each, under the reference's names.

use prost::Message;

use super::connection::Client;
use super::error::{Error, Local};
use super::key::{Proof, material_id};
use super::parameters::Parameters;
use super::wire::{Wire, arn, decode, present, timestamp};
use crate::model::{Expiration, ImportType, KeyMaterialId, WrappingAlgorithm, WrappingKeySpec};
use crate::proto;

const IMPORT_KEY_MATERIAL: &str = "/keyferry.v1.ImportService/ImportKeyMaterial";

/// Wrapped key material that is to be imported. Sent again unchanged after it succeeded, it is answered the same.
#[derive(Clone, Debug)]
pub struct Import(proto::ImportKeyMaterialRequest);

impl Import {
    /// Material that was wrapped under this set of parameters.
    pub fn new(parameters: &Parameters, encrypted_key_material: Vec<u8>, expiration: Expiration) -> Self {
        Self::with_token(parameters.key_id.clone(), parameters.import_token.clone(), encrypted_key_material, expiration)
    }

    /// As [`Import::new`], from the two parts of a set that the service wants to see again.
    pub fn with_token(
        key_id: String,
        import_token: Vec<u8>,
        encrypted_key_material: Vec<u8>,
        expiration: Expiration,
    ) -> Self {
        Self(proto::ImportKeyMaterialRequest {
            key_id,
            import_token,
            encrypted_key_material,
            valid_to: match expiration {
                Expiration::At(end) => Some(timestamp(end)),
                Expiration::Never => None,
            },
            expiration_model: expiration.model().number(),
            ..Default::default()
        })
    }

    /// Whether the key has had this material before. Symmetric encryption keys only.
    #[must_use]
    pub fn import_type(mut self, import_type: ImportType) -> Self {
        self.0.import_type = import_type.number();
        self
    }

    /// The owner's words for the material, up to 256 characters. Symmetric encryption keys only.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.0.key_material_description = Some(description.into());
        self
    }

    /// The material that is brought back. Symmetric encryption keys only.
    #[must_use]
    pub fn material_id(mut self, id: KeyMaterialId) -> Self {
        self.0.key_material_id = Some(id.to_string());
        self
    }

    /// As it goes over the wire.
    pub(super) fn encoded(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }
}

/// Material that is in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The key's ARN.
    pub arn: String,
    /// What shows which material it is.
    pub proof: Proof,
    /// The signed receipt: for [`super::Trust::receipt`].
    pub receipt: Option<Vec<u8>>,
}

impl TryFrom<proto::ImportKeyMaterialResponse> for Imported {
    type Error = Local;

    fn try_from(imported: proto::ImportKeyMaterialResponse) -> Result<Self, Local> {
        let proof = present("KeyMaterialProof", imported.key_material_proof)?;
        let receipt = Some(imported.receipt).filter(|receipt| !receipt.is_empty());
        Ok(Self { arn: arn("KeyId", imported.key_id)?, proof: proof.try_into()?, receipt })
    }
}

/// Material that is in the token no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The key's ARN.
    pub arn: String,
    /// Symmetric encryption keys only: which it was.
    pub material_id: Option<KeyMaterialId>,
}

/// Each takes a key id or a key ARN where it takes a key, and fails as [`Client::call`] does, or with [`Error::Local`] where it
/// does not understand the answer.
impl Client {
    /// GetParametersForImport.
    pub async fn get_parameters_for_import(
        &self,
        key_id: &str,
        wrapping_algorithm: WrappingAlgorithm,
        wrapping_key_spec: WrappingKeySpec,
    ) -> Result<Parameters, Error> {
        let question = proto::GetParametersForImportRequest {
            key_id: key_id.to_owned(),
            wrapping_algorithm: wrapping_algorithm.number(),
            wrapping_key_spec: wrapping_key_spec.number(),
        };
        let got: proto::GetParametersForImportResponse =
            self.ask("/keyferry.v1.ImportService/GetParametersForImport", &question).await?;
        Ok(got.try_into()?)
    }

    /// ImportKeyMaterial.
    pub async fn import_key_material(&self, import: &Import) -> Result<Imported, Error> {
        self.import_encoded(&import.encoded()).await
    }

    /// The same, from the bytes of [`Import::encoded`].
    pub(super) async fn import_encoded(&self, import: &[u8]) -> Result<Imported, Error> {
        let answer = self.call(IMPORT_KEY_MATERIAL, import.to_vec()).await?;
        Ok(decode::<proto::ImportKeyMaterialResponse>(&answer)?.try_into()?)
    }

    /// DeleteImportedKeyMaterial: of the current material, or of the one that is named, which symmetric encryption keys allow.
    pub async fn delete_imported_key_material(
        &self,
        key_id: &str,
        material: Option<KeyMaterialId>,
    ) -> Result<Deleted, Error> {
        let key_material_id = material.map(|id| id.to_string());
        let question = proto::DeleteImportedKeyMaterialRequest { key_id: key_id.to_owned(), key_material_id };
        let deleted: proto::DeleteImportedKeyMaterialResponse =
            self.ask("/keyferry.v1.ImportService/DeleteImportedKeyMaterial", &question).await?;
        let material_id = material_id("KeyMaterialId", &deleted.key_material_id)?;
        Ok(Deleted { arn: arn("KeyId", deleted.key_id)?, material_id })
    }
}

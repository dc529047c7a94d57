//! Parameters, imports and the material that is gone again.

use crate::api::convert::names::{self, name, number};
use crate::api::convert::time;
use crate::model::Invalid;
use crate::proto;
use crate::service::{
    DeleteImportedKeyMaterial, GetParametersForImport, ImportKeyMaterial, Imported, MaterialDeleted, Parameters, Proof,
};

impl From<proto::GetParametersForImportRequest> for GetParametersForImport {
    fn from(request: proto::GetParametersForImportRequest) -> Self {
        let proto::GetParametersForImportRequest { key_id, wrapping_algorithm, wrapping_key_spec } = request;
        Self {
            key_id,
            wrapping_algorithm: name::<proto::WrappingAlgorithm>(wrapping_algorithm),
            wrapping_key_spec: name::<proto::WrappingKeySpec>(wrapping_key_spec),
        }
    }
}

impl From<Parameters> for proto::GetParametersForImportResponse {
    fn from(parameters: Parameters) -> Self {
        let Parameters {
            arn,
            import_token,
            spki,
            valid_to,
            algorithm,
            wrapping_key_spec,
            key_spec,
            exposure,
            attestation,
            vendor_attestation,
        } = parameters;
        Self {
            key_id: arn.to_string(),
            import_token,
            public_key: spki,
            parameters_valid_to: Some(time::wire(valid_to)),
            wrapping_algorithm: number::<proto::WrappingAlgorithm>(algorithm.as_str()),
            wrapping_key_spec: number::<proto::WrappingKeySpec>(wrapping_key_spec.as_str()),
            key_spec: number::<proto::KeySpec>(key_spec.as_str()),
            host_exposure: names::exposure(exposure),
            attestation,
            vendor_attestation,
        }
    }
}

impl TryFrom<proto::ImportKeyMaterialRequest> for ImportKeyMaterial {
    type Error = Invalid;

    fn try_from(request: proto::ImportKeyMaterialRequest) -> Result<Self, Self::Error> {
        let proto::ImportKeyMaterialRequest {
            key_id,
            import_token,
            encrypted_key_material,
            valid_to,
            expiration_model,
            import_type,
            key_material_description,
            key_material_id,
        } = request;
        Ok(Self {
            key_id,
            import_token,
            encrypted_key_material,
            valid_to: valid_to.map(|moment| time::moment("validTo", moment)).transpose()?,
            expiration_model: name::<proto::ExpirationModel>(expiration_model),
            import_type: name::<proto::ImportType>(import_type),
            key_material_description,
            key_material_id,
        })
    }
}

impl From<Imported> for proto::ImportKeyMaterialResponse {
    fn from(imported: Imported) -> Self {
        let Imported { arn, spec, proof, receipt } = imported;
        let shown = spec.is_symmetric_encryption();
        Self {
            key_id: arn.to_string(),
            key_material_id: if shown { proof.fingerprint.to_string() } else { String::new() },
            key_material_proof: Some(proof.into()),
            receipt,
        }
    }
}

impl From<Proof> for proto::KeyMaterialProof {
    fn from(proof: Proof) -> Self {
        let Proof { fingerprint, kcv, spki, exposure } = proof;
        Self {
            fingerprint: fingerprint.to_string(),
            key_check_value: kcv.map(|kcv| base16ct::lower::encode_string(&kcv)).unwrap_or_default(),
            public_key: spki.unwrap_or_default(),
            host_exposure: names::exposure(exposure),
        }
    }
}

impl From<proto::DeleteImportedKeyMaterialRequest> for DeleteImportedKeyMaterial {
    fn from(request: proto::DeleteImportedKeyMaterialRequest) -> Self {
        let proto::DeleteImportedKeyMaterialRequest { key_id, key_material_id } = request;
        Self { key_id, key_material_id }
    }
}

impl From<MaterialDeleted> for proto::DeleteImportedKeyMaterialResponse {
    fn from(deleted: MaterialDeleted) -> Self {
        let MaterialDeleted { arn, material } = deleted;
        Self { key_id: arn.to_string(), key_material_id: material.map(|id| id.to_string()).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_up_for_what_an_import_leaves_out() {
        let import = ImportKeyMaterial::try_from(proto::ImportKeyMaterialRequest::default()).unwrap();
        assert_eq!((import.valid_to, import.expiration_model, import.import_type), (None, None, None));
        assert_eq!((import.key_material_description, import.key_material_id), (None, None));
    }

    #[test]
    fn an_import_that_ends_at_no_moment_is_refused() {
        let valid_to = Some(prost_types::Timestamp { seconds: 0, nanos: -5 });
        let refusal =
            ImportKeyMaterial::try_from(proto::ImportKeyMaterialRequest { valid_to, ..Default::default() }).unwrap_err();
        assert_eq!(refusal.field, "validTo");
    }
}

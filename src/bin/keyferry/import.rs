//! The commands that bring key material in and take it away.

use keyferry::proto;

use crate::arguments::{DeleteImportedKeyMaterial, GetParametersForImport, ImportKeyMaterial, Imports};
use crate::connection::{Connection, request};
use crate::failure::{Failure, refused};
use crate::output::answer;
use crate::parameters::Parameters;
use crate::shape;

/// Runs one of them.
pub(crate) async fn run(command: Imports, connection: &mut Connection) -> Result<(), Failure> {
    let import = &mut connection.import;
    match command {
        Imports::GetParametersForImport(GetParametersForImport { key, wrapping_algorithm, wrapping_key_spec }) => {
            let message = proto::GetParametersForImportRequest {
                key_id: key.key_id,
                wrapping_algorithm: wrapping_algorithm.into(),
                wrapping_key_spec: wrapping_key_spec.into(),
            };
            let got = import.get_parameters_for_import(request(message)).await.map_err(refused("GetParametersForImport"))?;
            answer(&Parameters::from(got.into_inner()))?;
        }
        Imports::ImportKeyMaterial(command) => {
            let message = import_key_material(*command)?;
            let imported = import.import_key_material(request(message)).await.map_err(refused("ImportKeyMaterial"))?;
            answer(&shape::Imported::from(imported.into_inner()))?;
        }
        Imports::DeleteImportedKeyMaterial(DeleteImportedKeyMaterial { key, key_material_id }) => {
            let message = proto::DeleteImportedKeyMaterialRequest { key_id: key.key_id, key_material_id };
            let deleted =
                import.delete_imported_key_material(request(message)).await.map_err(refused("DeleteImportedKeyMaterial"))?;
            answer(&shape::Imported::from(deleted.into_inner()))?;
        }
    }
    Ok(())
}

fn import_key_material(command: ImportKeyMaterial) -> Result<proto::ImportKeyMaterialRequest, Failure> {
    let (key_id, import_token) = match command.parameters {
        Some(path) => {
            let set = Parameters::load(&path)?;
            (set.key_id.clone(), set.import_token()?)
        }
        None => (command.key_id.unwrap_or_default(), command.import_token.map(|token| token.0).unwrap_or_default()),
    };
    Ok(proto::ImportKeyMaterialRequest {
        key_id,
        import_token,
        encrypted_key_material: command.encrypted_key_material.0,
        valid_to: command.valid_to,
        expiration_model: command.expiration_model.unwrap_or_default().into(),
        import_type: command.import_type.unwrap_or_default().into(),
        key_material_description: command.key_material_description,
        key_material_id: command.key_material_id,
    })
}

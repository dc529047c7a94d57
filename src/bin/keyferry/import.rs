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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Command};
    use clap::Parser;

    fn request_of(arguments: &[&str]) -> proto::ImportKeyMaterialRequest {
        let command = [&["keyferry", "import-key-material"], arguments].concat();
        match Arguments::try_parse_from(command).unwrap().command {
            Command::Imports(Imports::ImportKeyMaterial(command)) => import_key_material(*command).unwrap(),
            _ => unreachable!(),
        }
    }

    #[test]
    fn a_saved_answer_stands_for_key_id_and_import_token() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let answer = proto::GetParametersForImportResponse {
            key_id: "arn:aws:kms:us-east-1:111122223333:key/x".into(),
            import_token: (0..=255).collect(),
            public_key: vec![1, 2, 3],
            parameters_valid_to: Some(prost_types::Timestamp { seconds: 1_762_800_000, nanos: 1_000_000 }),
            wrapping_algorithm: proto::WrappingAlgorithm::RsaesOaepSha256.into(),
            wrapping_key_spec: proto::WrappingKeySpec::Rsa3072.into(),
            key_spec: proto::KeySpec::SymmetricDefault.into(),
            host_exposure: proto::HostExposure::Token.into(),
        };
        let printed = crate::output::json(&Parameters::from(answer.clone())).unwrap();
        std::fs::write(path("params.json"), &printed).unwrap();
        std::fs::write(path("token.bin"), &answer.import_token).unwrap();
        std::fs::write(path("blob.bin"), [7; 384]).unwrap();
        assert_eq!(Parameters::load(path("params.json").as_ref()).unwrap(), Parameters::from(answer.clone()));

        let blob = format!("fileb://{}", path("blob.bin"));
        let token = format!("fileb://{}", path("token.bin"));
        #[rustfmt::skip]
        let rest = [
            "--encrypted-key-material", &blob, "--expiration-model", "KEY_MATERIAL_EXPIRES", "--valid-to", "2025-11-10T18:40:00Z",
            "--import-type", "EXISTING_KEY_MATERIAL", "--key-material-description", "", "--key-material-id", "ab",
        ];
        let expected = proto::ImportKeyMaterialRequest {
            key_id: answer.key_id.clone(),
            import_token: answer.import_token.clone(),
            encrypted_key_material: vec![7; 384],
            valid_to: Some(prost_types::Timestamp { seconds: 1_762_800_000, nanos: 0 }),
            expiration_model: proto::ExpirationModel::KeyMaterialExpires.into(),
            import_type: proto::ImportType::ExistingKeyMaterial.into(),
            key_material_description: Some(String::new()),
            key_material_id: Some("ab".into()),
        };
        assert_eq!(request_of(&[&["--parameters", &path("params.json")], &rest[..]].concat()), expected);
        assert_eq!(request_of(&[&["--key-id", &answer.key_id, "--import-token", &token], &rest[..]].concat()), expected);
    }

    #[test]
    fn what_is_not_given_is_not_sent() {
        let sent = request_of(&["--key-id", "x", "--import-token", "AQID", "--encrypted-key-material", "BAUG"]);
        let expected = proto::ImportKeyMaterialRequest {
            key_id: "x".into(),
            import_token: vec![1, 2, 3],
            encrypted_key_material: vec![4, 5, 6],
            ..Default::default()
        };
        assert_eq!(sent, expected);
    }
}

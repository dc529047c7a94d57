//! KeyMetadata: what CreateKey and DescribeKey answer.

use keyferry::proto;
use serde::Serialize;

use super::{base64, is_nothing, text, time};
use crate::names::{camel_case, name};

/// CreateKey and DescribeKey.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OfKey {
    key_metadata: Option<KeyMetadata>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyMetadata {
    #[serde(rename = "AWSAccountId")]
    aws_account_id: String,
    key_id: String,
    arn: String,
    #[serde(skip_serializing_if = "is_nothing")]
    creation_date: Option<String>,
    enabled: bool,
    description: String,
    #[serde(skip_serializing_if = "is_nothing")]
    key_usage: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    key_state: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    deletion_date: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    valid_to: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    origin: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    expiration_model: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    key_manager: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    customer_master_key_spec: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    key_spec: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    encryption_algorithms: Vec<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    signing_algorithms: Vec<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    key_agreement_algorithms: Vec<String>,
    multi_region: bool,
    #[serde(skip_serializing_if = "is_nothing")]
    multi_region_configuration: Option<MultiRegionConfiguration>,
    #[serde(skip_serializing_if = "is_nothing")]
    mac_algorithms: Vec<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    current_key_material_id: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    key_material_proof: Option<Proof>,
}

/// What shows that the material in the token is the caller's: not the reference's, ours.
#[derive(PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Proof {
    #[serde(skip_serializing_if = "is_nothing")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    key_check_value: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    host_exposure: Option<&'static str>,
}

#[derive(PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRegionConfiguration {
    #[serde(skip_serializing_if = "is_nothing")]
    multi_region_key_type: Option<&'static str>,
    #[serde(skip_serializing_if = "is_nothing")]
    primary_key: Option<MultiRegionKey>,
    replica_keys: Vec<MultiRegionKey>,
}

#[derive(PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRegionKey {
    arn: String,
    region: String,
}

impl From<Option<proto::KeyMetadata>> for OfKey {
    fn from(key: Option<proto::KeyMetadata>) -> Self {
        Self { key_metadata: key.map(KeyMetadata::from) }
    }
}

impl From<proto::KeyMetadata> for KeyMetadata {
    fn from(key: proto::KeyMetadata) -> Self {
        let key_spec = name::<proto::KeySpec>(key.key_spec);
        Self {
            aws_account_id: key.aws_account_id,
            key_id: key.key_id,
            arn: key.arn,
            creation_date: time(key.creation_date),
            enabled: key.enabled,
            description: key.description,
            key_usage: name::<proto::KeyUsage>(key.key_usage),
            key_state: camel_case::<proto::KeyState>(key.key_state),
            deletion_date: time(key.deletion_date),
            valid_to: time(key.valid_to),
            origin: name::<proto::Origin>(key.origin),
            expiration_model: name::<proto::ExpirationModel>(key.expiration_model),
            key_manager: name::<proto::KeyManager>(key.key_manager),
            customer_master_key_spec: key_spec,
            key_spec,
            encryption_algorithms: key.encryption_algorithms,
            signing_algorithms: key.signing_algorithms,
            key_agreement_algorithms: key.key_agreement_algorithms,
            multi_region: key.multi_region,
            multi_region_configuration: key.multi_region_configuration.map(MultiRegionConfiguration::from),
            mac_algorithms: key.mac_algorithms,
            current_key_material_id: text(key.current_key_material_id),
            key_material_proof: key.key_material_proof.map(Proof::from),
        }
    }
}

impl From<proto::KeyMaterialProof> for Proof {
    fn from(proof: proto::KeyMaterialProof) -> Self {
        Self {
            fingerprint: text(proof.fingerprint),
            key_check_value: text(proof.key_check_value),
            public_key: base64(&proof.public_key),
            host_exposure: name::<proto::HostExposure>(proof.host_exposure),
        }
    }
}

impl From<proto::MultiRegionConfiguration> for MultiRegionConfiguration {
    fn from(configuration: proto::MultiRegionConfiguration) -> Self {
        let key = |key: proto::MultiRegionKey| MultiRegionKey { arn: key.arn, region: key.region };
        Self {
            multi_region_key_type: name::<proto::MultiRegionKeyType>(configuration.multi_region_key_type),
            primary_key: configuration.primary_key.map(key),
            replica_keys: configuration.replica_keys.into_iter().map(key).collect(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::output::json;

    #[test]
    fn a_key_that_waits_for_its_material_says_only_what_there_is_to_say() {
        let key = proto::KeyMetadata {
            aws_account_id: "111122223333".into(),
            key_id: "1234abcd-12ab-34cd-56ef-1234567890ab".into(),
            arn: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".into(),
            creation_date: Some(prost_types::Timestamp { seconds: 1_762_800_000, nanos: 123_000_000 }),
            key_usage: proto::KeyUsage::EncryptDecrypt.into(),
            key_state: proto::KeyState::PendingImport.into(),
            origin: proto::Origin::External.into(),
            key_manager: proto::KeyManager::Customer.into(),
            key_spec: proto::KeySpec::SymmetricDefault.into(),
            encryption_algorithms: vec!["SYMMETRIC_DEFAULT".into()],
            ..Default::default()
        };
        let expected = r#"{
    "KeyMetadata": {
        "AWSAccountId": "111122223333",
        "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
        "Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "CreationDate": "2025-11-10T18:40:00.123Z",
        "Enabled": false,
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "PendingImport",
        "Origin": "EXTERNAL",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": [
            "SYMMETRIC_DEFAULT"
        ],
        "MultiRegion": false
    }
}
"#;
        assert_eq!(json(&OfKey::from(Some(key))).unwrap(), expected);
    }

    #[test]
    fn a_key_with_material_shows_when_it_ends_and_what_proves_it() {
        let key = proto::KeyMetadata {
            enabled: true,
            key_state: proto::KeyState::Enabled.into(),
            valid_to: Some(prost_types::Timestamp { seconds: 1_762_800_000, nanos: 0 }),
            expiration_model: proto::ExpirationModel::KeyMaterialExpires.into(),
            current_key_material_id: "ab".repeat(32),
            key_material_proof: Some(proto::KeyMaterialProof {
                fingerprint: "ab".repeat(32),
                key_check_value: "a1b2c3".into(),
                public_key: vec![1, 2, 3],
                host_exposure: proto::HostExposure::HostMaterial.into(),
            }),
            ..Default::default()
        };
        let shown: serde_json::Value = serde_json::from_str(&json(&OfKey::from(Some(key))).unwrap()).unwrap();
        let shown = &shown["KeyMetadata"];
        assert_eq!(shown["KeyState"], "Enabled");
        assert_eq!(shown["ValidTo"], "2025-11-10T18:40:00Z");
        assert_eq!(shown["ExpirationModel"], "KEY_MATERIAL_EXPIRES");
        assert_eq!(shown["CurrentKeyMaterialId"], "ab".repeat(32));
        let proof = serde_json::json!({
            "Fingerprint": "ab".repeat(32), "KeyCheckValue": "a1b2c3", "PublicKey": "AQID", "HostExposure": "HOST_MATERIAL",
        });
        assert_eq!(shown["KeyMaterialProof"], proof);
    }
}

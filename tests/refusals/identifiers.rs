//! What names no key, asked of every operation that takes one.

use keyferry::proto as pb;

use crate::call;
use crate::harness::{Client, Daemon, Refusal};

/// Every operation that takes a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation {
    CancelKeyDeletion,
    DeleteImportedKeyMaterial,
    DescribeKey,
    DisableKey,
    EnableKey,
    GetParametersForImport,
    GetPublicKey,
    ImportKeyMaterial,
    ScheduleKeyDeletion,
    UpdateKeyDescription,
}

use Operation::{
    CancelKeyDeletion, DeleteImportedKeyMaterial, DescribeKey, DisableKey, EnableKey, GetParametersForImport, GetPublicKey,
    ImportKeyMaterial, ScheduleKeyDeletion, UpdateKeyDescription,
};

pub const OPERATIONS: [Operation; 10] = [
    CancelKeyDeletion,
    DeleteImportedKeyMaterial,
    DescribeKey,
    DisableKey,
    EnableKey,
    GetParametersForImport,
    GetPublicKey,
    ImportKeyMaterial,
    ScheduleKeyDeletion,
    UpdateKeyDescription,
];

impl Operation {
    /// Calls it with a request in which nothing can be wrong but the key.
    pub async fn call(self, client: &Client, key_id: &str) -> Result<(), Refusal> {
        let key_id = key_id.to_owned();
        let (mut keys, mut imports) = (client.keys(), client.imports());
        match self {
            CancelKeyDeletion => call!(keys, cancel_key_deletion, pb::CancelKeyDeletionRequest { key_id }).map(drop),
            DeleteImportedKeyMaterial => {
                let request = pb::DeleteImportedKeyMaterialRequest { key_id, key_material_id: None };
                call!(imports, delete_imported_key_material, request).map(drop)
            }
            DescribeKey => call!(keys, describe_key, pb::DescribeKeyRequest { key_id }).map(drop),
            DisableKey => call!(keys, disable_key, pb::DisableKeyRequest { key_id }).map(drop),
            EnableKey => call!(keys, enable_key, pb::EnableKeyRequest { key_id }).map(drop),
            GetParametersForImport => {
                let request = pb::GetParametersForImportRequest {
                    key_id,
                    wrapping_algorithm: pb::WrappingAlgorithm::RsaesOaepSha256.into(),
                    wrapping_key_spec: pb::WrappingKeySpec::Rsa2048.into(),
                };
                call!(imports, get_parameters_for_import, request).map(drop)
            }
            GetPublicKey => call!(keys, get_public_key, pb::GetPublicKeyRequest { key_id }).map(drop),
            ImportKeyMaterial => {
                let request = pb::ImportKeyMaterialRequest {
                    key_id,
                    import_token: vec![1],
                    encrypted_key_material: vec![1],
                    expiration_model: pb::ExpirationModel::KeyMaterialDoesNotExpire.into(),
                    ..Default::default()
                };
                call!(imports, import_key_material, request).map(drop)
            }
            ScheduleKeyDeletion => {
                let request = pb::ScheduleKeyDeletionRequest { key_id, pending_window_in_days: None };
                call!(keys, schedule_key_deletion, request).map(drop)
            }
            UpdateKeyDescription => {
                let request = pb::UpdateKeyDescriptionRequest { key_id, description: Some(String::new()) };
                call!(keys, update_key_description, request).map(drop)
            }
        }
    }

    /// The reference takes an alias where a key is read, and not where it is changed or imported into.
    fn takes_aliases(self) -> bool {
        matches!(self, DescribeKey | GetPublicKey)
    }
}

#[tokio::test]
async fn what_names_no_key_is_refused_by_every_operation_in_the_same_words() {
    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const MRK: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";
    const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/";
    let absent = |id| format!("Key '{ARN}{id}' does not exist");
    let too_long = "1 validation error detected: Value at 'keyId' failed to satisfy constraint: Member must have length less than or equal to 2048";
    let too_short = "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1";
    #[rustfmt::skip]
    let cases = [
        (String::new(),                                          "ValidationException", too_short.to_owned()),
        ("x".repeat(2049),                                       "ValidationException", too_long.to_owned()),
        (format!("arn:{}", "x".repeat(2045)),                    "ValidationException", too_long.to_owned()),
        ("fake-key-id".to_owned(),                               "NotFoundException",   "Invalid keyId 'fake-key-id'".to_owned()),
        (ID.replace('-', ""),                                    "NotFoundException",   format!("Invalid keyId '{}'", ID.replace('-', ""))),
        (ID.to_uppercase(),                                      "NotFoundException",   format!("Invalid keyId '{}'", ID.to_uppercase())),
        (format!("{ID} "),                                       "NotFoundException",   format!("Invalid keyId '{ID} '")),
        (ID.to_owned(),                                          "NotFoundException",   absent(ID)),
        (MRK.to_owned(),                                         "NotFoundException",   absent(MRK)),
        (format!("{ARN}{ID}"),                                   "NotFoundException",   absent(ID)),
        (format!("{ARN}{MRK}"),                                  "NotFoundException",   absent(MRK)),
        (format!("{ARN}x"),                                      "NotFoundException",   "Invalid keyId 'x'".to_owned()),
        (format!("arn:aws:kms:eu-west-1:111122223333:key/{ID}"), "NotFoundException",   "Invalid arn eu-west-1".to_owned()),
        (format!("arn:aws:kms:us-east-1:999999999999:key/{ID}"), "NotFoundException",   format!("Key 'arn:aws:kms:us-east-1:999999999999:key/{ID}' does not exist")),
        ("arn:".to_owned(),                                      "InvalidArnException", "Invalid arn arn:".to_owned()),
        ("arn:aws:s3:::bucket".to_owned(),                       "InvalidArnException", "Invalid arn arn:aws:s3:::bucket".to_owned()),
        (format!("arn:aws-cn:kms:us-east-1:111122223333:key/{ID}"), "InvalidArnException", format!("Invalid arn arn:aws-cn:kms:us-east-1:111122223333:key/{ID}")),
        (format!("arn:aws:kms:us-east-1:12:key/{ID}"),           "InvalidArnException", format!("Invalid arn arn:aws:kms:us-east-1:12:key/{ID}")),
    ];
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    for operation in OPERATIONS {
        for (key_id, reason, message) in &cases {
            let case = format!("{operation:?} of {key_id:.80}");
            let refusal = operation.call(&client, key_id).await.expect_err(&case);
            refusal.assert_says(reason, message, &case);
            refusal.assert_blames("keyId", &case);
        }
        let refusal = operation.call(&client, "alias/x").await.unwrap_err();
        let message = if operation.takes_aliases() {
            "Alias arn:aws:kms:us-east-1:111122223333:alias/x is not found."
        } else {
            "Invalid keyId 'alias/x'"
        };
        refusal.assert_says("NotFoundException", message, &format!("{operation:?} of an alias"));
    }
}

#[tokio::test]
async fn a_key_of_another_account_reads_as_absent() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let elsewhere = key.arn.replace("111122223333", "444455556666");
    for operation in OPERATIONS {
        let refusal = operation.call(&client, &elsewhere).await.unwrap_err();
        refusal.assert_says("NotFoundException", &format!("Key '{elsewhere}' does not exist"), &format!("{operation:?}"));
    }
    assert_eq!(client.describe(&key.arn).await, key);
}

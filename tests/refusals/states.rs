//! What a key's state and origin forbid, operation by operation, and that a refusal changes nothing.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use super::identifiers::Operation::{
    CancelKeyDeletion, DeleteImportedKeyMaterial, DescribeKey, DisableKey, EnableKey, GetParametersForImport, GetPublicKey,
    ImportKeyMaterial, ScheduleKeyDeletion, UpdateKeyDescription,
};
use super::identifiers::{OPERATIONS, Operation};
use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, Plaintext};

/// Calls each operation on the key; those that are listed must be refused so and change nothing. The others are not called.
async fn assert_refused(client: &Client, key: &str, refused: &[(Operation, &str, &str)]) {
    let before = client.describe(key).await;
    for (operation, reason, message) in refused {
        let case = format!("{operation:?} in {:?}", before.key_state());
        let refusal = operation.call(client, key).await.expect_err(&case);
        refusal.assert_says(reason, &format!("{}{message}", before.arn), &case);
        assert_eq!(client.describe(key).await, before, "{case}");
    }
}

async fn imported(client: &Client, spec: KeySpec, usage: KeyUsage) -> pb::KeyMetadata {
    let key = client.create_external(spec, usage).await;
    let set = client.some_parameters(&key.key_id).await;
    client.import(import_request(&set, Plaintext::for_spec(spec).wrap_simply(&set.public_key))).await.unwrap();
    client.describe(&key.key_id).await
}

#[tokio::test]
async fn a_key_pending_deletion_refuses_all_but_being_looked_at_and_spared() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = imported(&client, KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    ScheduleKeyDeletion.call(&client, &key.key_id).await.unwrap();
    let (state, message) = ("KMSInvalidStateException", " is pending deletion.");
    let refused = [
        DisableKey,
        EnableKey,
        GetParametersForImport,
        GetPublicKey,
        ImportKeyMaterial,
        ScheduleKeyDeletion,
        UpdateKeyDescription,
    ];
    assert_refused(&client, &key.key_id, &refused.map(|operation| (operation, state, message))).await;
    for operation in [DescribeKey, DeleteImportedKeyMaterial, CancelKeyDeletion] {
        operation.call(&client, &key.key_id).await.unwrap();
    }
    assert_eq!(refused.len() + 3, OPERATIONS.len(), "every operation has its place");
    let described = client.describe(&key.key_id).await;
    assert_eq!(described.key_state(), pb::KeyState::PendingImport, "its material was deleted meanwhile");
}

#[tokio::test]
async fn a_key_pending_import_cannot_be_switched_or_read() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_external(KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let (state, message) = ("KMSInvalidStateException", " is pending import.");
    let refused = [
        (EnableKey, state, message),
        (DisableKey, state, message),
        (GetPublicKey, state, message),
        (CancelKeyDeletion, state, " is not pending deletion."),
    ];
    assert_refused(&client, &key.key_id, &refused).await;
    for operation in [DescribeKey, GetParametersForImport, DeleteImportedKeyMaterial, UpdateKeyDescription] {
        operation.call(&client, &key.key_id).await.unwrap();
    }
    assert_eq!(client.describe(&key.key_id).await, key, "deleting nothing changes nothing");
}

#[tokio::test]
async fn a_disabled_key_hides_its_public_half_and_takes_imports() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = imported(&client, KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    DisableKey.call(&client, &key.key_id).await.unwrap();
    let refused = [
        (GetPublicKey, "DisabledException", " is disabled."),
        (CancelKeyDeletion, "KMSInvalidStateException", " is not pending deletion."),
    ];
    assert_refused(&client, &key.key_id, &refused).await;
    for operation in [DisableKey, GetParametersForImport, UpdateKeyDescription, EnableKey, EnableKey, GetPublicKey] {
        operation.call(&client, &key.key_id).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_made_in_the_token_takes_no_imports() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    for (spec, usage) in [
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
        (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        (KeySpec::EccNistP256, KeyUsage::SignVerify),
        (KeySpec::Rsa2048, KeyUsage::EncryptDecrypt),
    ] {
        let key = client.create_generated(spec, usage).await;
        assert_eq!((key.origin(), key.key_state(), key.enabled), (pb::Origin::AwsKms, pb::KeyState::Enabled, true));
        let (unsupported, message) =
            ("UnsupportedOperationException", " origin is AWS_KMS which is not valid for this operation.");
        let imports = [GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial];
        assert_refused(&client, &key.key_id, &imports.map(|operation| (operation, unsupported, message))).await;
        // Its origin is said even where its state would be reason enough.
        ScheduleKeyDeletion.call(&client, &key.key_id).await.unwrap();
        assert_refused(&client, &key.key_id, &imports.map(|operation| (operation, unsupported, message))).await;
    }
}

#[tokio::test]
async fn secret_keys_have_no_public_half() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    for (spec, usage) in
        [(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt), (KeySpec::Hmac384, KeyUsage::GenerateVerifyMac)]
    {
        let key = imported(&client, spec, usage).await;
        let message = format!(" key spec {spec} has no public key.");
        assert_refused(&client, &key.key_id, &[(GetPublicKey, "UnsupportedOperationException", &message)]).await;
    }
}

#[tokio::test]
async fn a_key_knows_its_material_and_takes_no_other() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    for (spec, usage) in [
        (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
        (KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        (KeySpec::EccNistP256, KeyUsage::SignVerify),
    ] {
        let key = client.create_external(spec, usage).await;
        let import = async |material: &Plaintext| {
            let set = client.some_parameters(&key.key_id).await;
            client.import(import_request(&set, material.wrap_simply(&set.public_key))).await
        };
        let (first, other) = (Plaintext::for_spec(spec), Plaintext::for_spec(spec));
        import(&first).await.unwrap();
        for deleted in [false, true] {
            if deleted {
                client.delete_material(&key.key_id).await.unwrap();
            }
            let case = format!("{spec}, deleted: {deleted}");
            let before = client.describe(&key.key_id).await;
            let refusal = import(&other).await.expect_err(&case);
            let message = "the key material is not the material that this key expects";
            refusal.assert_says("IncorrectKeyMaterialException", message, &case);
            assert_eq!(client.describe(&key.key_id).await, before, "{case}");
            import(&first).await.expect(&case);
            let described = client.describe(&key.key_id).await;
            assert_eq!(described.key_state(), pb::KeyState::Enabled, "{case}");
            assert_eq!(described.key_material_proof.unwrap().fingerprint, first.fingerprint(&key.key_id), "{case}");
        }
    }
}

#[tokio::test]
async fn material_that_is_announced_must_come() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let (first, other) = (Plaintext::aes(), Plaintext::aes());
    let request = async |material: &Plaintext, import_type: pb::ImportType, id: Option<String>| {
        let set = client.some_parameters(&key.key_id).await;
        let request = import_request(&set, material.wrap_simply(&set.public_key));
        client.import(pb::ImportKeyMaterialRequest { import_type: import_type.into(), key_material_id: id, ..request }).await
    };
    let incorrect = "IncorrectKeyMaterialException";
    let existing = pb::ImportType::ExistingKeyMaterial;
    request(&first, existing, None).await.unwrap_err().assert_is(incorrect, "nothing exists yet");
    request(&first, pb::ImportType::Unspecified, None).await.unwrap();
    request(&first, pb::ImportType::NewKeyMaterial, None).await.unwrap_err().assert_is(incorrect, "it is not new");
    let (id, other_id) = (first.fingerprint(&key.key_id), other.fingerprint(&key.key_id));
    request(&other, existing, Some(id.clone())).await.unwrap_err().assert_is(incorrect, "another came than announced");
    request(&first, existing, Some(other_id.clone())).await.unwrap_err().assert_is(incorrect, "another came than announced");
    request(&other, existing, Some(other_id)).await.unwrap_err().assert_is(incorrect, "announced and not known");
    request(&first, existing, Some(id)).await.unwrap();
}

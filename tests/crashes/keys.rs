//! Keys and material whose making or end is cut off.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use super::{After, Doing, FAILPOINT, killed, steps, symmetric};
use crate::call;
use crate::harness::client::import_request;
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Installation, Plaintext, Settings, audit};

async fn ids(client: &Client) -> Vec<String> {
    let listed = call!(client.keys(), list_keys, pb::ListKeysRequest::default()).unwrap();
    listed.keys.into_iter().map(|key| key.key_id).collect()
}

/// A key with imported material, on a service that has been stopped with nothing left to destroy.
async fn imported() -> (Installation, String, Plaintext) {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let material = Plaintext::aes();
    import(&client, &key.key_id, &material).await;
    drop(client);
    (Daemon::serve(daemon.terminate(), &[]).terminate(), key.key_id, material)
}

async fn import(client: &Client, key_id: &str, material: &Plaintext) {
    let set = client.some_parameters(key_id).await;
    client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.unwrap();
}

#[tokio::test]
async fn a_generated_key_whose_making_is_cut_off_is_there_wholly_or_not_at_all() {
    let mut daemon = Daemon::start(Settings::default());
    for (step, after) in steps(Doing::Create) {
        let failing = Daemon::serve(daemon.terminate(), &[(FAILPOINT, step)]);
        let client = failing.client().await;
        let before = ids(&client).await;
        let request = pb::CreateKeyRequest::default();
        call!(client.keys(), create_key, request).expect_err(step);
        drop(client);
        let installation = killed(failing, step);
        audit::assert_no_orphans(&installation, step).await;

        daemon = Daemon::serve(installation, &[]);
        let client = daemon.client().await;
        let now = ids(&client).await;
        audit::assert_sound(&daemon.installation, &symmetric(&now)).await;
        assert_eq!(now.len() - before.len(), usize::from(after == After::Done), "{step}");
        for key in &now {
            assert_eq!(client.describe(key).await.key_state(), pb::KeyState::Enabled, "{step}");
        }
        client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;
    }
}

#[tokio::test]
async fn material_whose_deletion_is_cut_off_is_gone() {
    for (step, _) in steps(Doing::DeleteMaterial) {
        let (installation, key, material) = imported().await;
        let daemon = Daemon::serve(installation, &[(FAILPOINT, step)]);
        // The answer may be on its way when the destruction begins.
        let _sent = daemon.client().await.delete_material(&key).await;
        let installation = killed(daemon, step);
        assert_gone_and_comes_back(installation, &key, &material, step).await;
    }
}

#[tokio::test]
async fn expired_material_whose_end_is_cut_off_is_gone() {
    for (step, _) in steps(Doing::Expire) {
        let (installation, key, material) = imported().await;
        Record::expire_materials(&installation).await;
        let installation = killed(Daemon::begin(installation, &[(FAILPOINT, step)]), step);
        assert_gone_and_comes_back(installation, &key, &material, step).await;
    }
}

async fn assert_gone_and_comes_back(installation: Installation, key: &String, material: &Plaintext, step: &str) {
    audit::assert_no_orphans(&installation, step).await;
    let daemon = Daemon::serve(installation, &[]);
    let objects = audit::assert_sound(&daemon.installation, &symmetric([key])).await;
    assert!(!objects.iter().any(|object| object.label.starts_with("keyferry/material/")), "{step}: {objects:?}");
    let client = daemon.client().await;
    assert_eq!(client.describe(key).await.key_state(), pb::KeyState::PendingImport, "{step}");
    let deleted = client.delete_material(key).await.expect(step);
    assert_eq!(deleted.key_material_id, material.fingerprint(key), "{step}: the key remembers");
    import(&client, key, material).await;
    assert_eq!(client.describe(key).await.key_state(), pb::KeyState::Enabled, "{step}");
}

#[tokio::test]
async fn a_key_whose_deletion_is_cut_off_is_gone_with_its_material() {
    for (step, _) in steps(Doing::DeleteKey) {
        let (installation, key, _) = imported().await;
        let daemon = Daemon::serve(installation, &[]);
        let client = daemon.client().await;
        let request = pb::ScheduleKeyDeletionRequest { key_id: key.clone(), pending_window_in_days: Some(7) };
        call!(client.keys(), schedule_key_deletion, request).unwrap();
        drop(client);
        let installation = daemon.terminate();
        Record::bring_deletions_forward(&installation).await;
        let installation = killed(Daemon::begin(installation, &[(FAILPOINT, step)]), step);
        audit::assert_no_orphans(&installation, step).await;

        let daemon = Daemon::serve(installation, &[]);
        let objects = audit::assert_sound(&daemon.installation, &symmetric([])).await;
        assert_eq!(objects.len(), 5, "{step}: more than the mark and its own keys: {objects:?}");
        let request = pb::DescribeKeyRequest { key_id: key };
        let gone = call!(daemon.client().await.keys(), describe_key, request).expect_err(step);
        gone.assert_is("NotFoundException", step);
    }
}

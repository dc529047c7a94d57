//! A key from its creation to its deletion, as DescribeKey tells it.

use std::time::{Duration, SystemTime};

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::{Client, Daemon, Plaintext};

#[tokio::test]
async fn a_key_waits_for_its_material_has_it_loses_it_and_gets_it_back() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let request =
        pb::CreateKeyRequest { description: "for a test".into(), origin: pb::Origin::External.into(), ..Default::default() };
    let created = call!(client.keys(), create_key, request).unwrap().key_metadata.unwrap();
    let waiting = pb::KeyMetadata {
        aws_account_id: "111122223333".into(),
        key_id: created.key_id.clone(),
        arn: format!("arn:aws:kms:us-east-1:111122223333:key/{}", created.key_id),
        creation_date: created.creation_date,
        description: "for a test".into(),
        key_usage: pb::KeyUsage::EncryptDecrypt.into(),
        key_state: pb::KeyState::PendingImport.into(),
        origin: pb::Origin::External.into(),
        key_manager: pb::KeyManager::Customer.into(),
        key_spec: pb::KeySpec::SymmetricDefault.into(),
        encryption_algorithms: vec!["SYMMETRIC_DEFAULT".into()],
        ..Default::default()
    };
    assert!(created.creation_date.is_some());
    assert_eq!(created, waiting);
    assert_eq!(client.describe(&created.arn).await, waiting, "by its ARN");

    let material = Plaintext::aes();
    let set = client.some_parameters(&created.key_id).await;
    let answer = client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.unwrap();
    let enabled = pb::KeyMetadata {
        enabled: true,
        key_state: pb::KeyState::Enabled.into(),
        expiration_model: pb::ExpirationModel::KeyMaterialDoesNotExpire.into(),
        current_key_material_id: answer.key_material_id.clone(),
        key_material_proof: answer.key_material_proof,
        ..waiting.clone()
    };
    assert_eq!(client.describe(&created.key_id).await, enabled);

    let deleted = client.delete_material(&created.key_id).await.unwrap();
    assert_eq!((deleted.key_id, &deleted.key_material_id), (created.arn, &answer.key_material_id));
    let remembering = pb::KeyMetadata { current_key_material_id: answer.key_material_id.clone(), ..waiting };
    for _ in 0..2 {
        assert_eq!(client.describe(&created.key_id).await, remembering);
        client.delete_material(&created.key_id).await.unwrap();
    }
    let set = client.some_parameters(&created.key_id).await;
    client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.unwrap();
    assert_eq!(client.describe(&created.key_id).await, enabled);
}

#[tokio::test]
async fn a_multi_region_key_has_an_id_that_says_so() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let request = pb::CreateKeyRequest { multi_region: true, origin: pb::Origin::External.into(), ..Default::default() };
    let key = call!(client.keys(), create_key, request).unwrap().key_metadata.unwrap();
    assert!(key.multi_region && key.key_id.starts_with("mrk-") && key.key_id.len() == 36, "{}", key.key_id);
    let set = client.some_parameters(&key.key_id).await;
    client.import(import_request(&set, Plaintext::aes().wrap_simply(&set.public_key))).await.unwrap();
}

#[tokio::test]
async fn parameters_are_valid_for_a_day_and_any_number_of_sets_serve() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let before = SystemTime::now();
    let (first, second) = (client.some_parameters(&key.arn).await, client.some_parameters(&key.key_id).await);
    let valid_to = SystemTime::try_from(first.parameters_valid_to.unwrap()).unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    let minute = Duration::from_secs(60);
    assert!(valid_to + Duration::from_millis(1) >= before + day && valid_to <= before + day + minute, "{valid_to:?}");
    assert_eq!(
        (first.wrapping_algorithm(), first.wrapping_key_spec(), first.key_spec()),
        (pb::WrappingAlgorithm::RsaesOaepSha256, pb::WrappingKeySpec::Rsa2048, pb::KeySpec::SymmetricDefault)
    );
    assert_ne!(first.public_key, second.public_key, "a wrapping key is issued once");
    let material = Plaintext::aes();
    for set in [second, first] {
        client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.unwrap();
    }
}

#[tokio::test]
async fn a_switched_off_key_stays_off_through_an_import() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let material = Plaintext::aes();
    let import = async || {
        let set = client.some_parameters(&key.key_id).await;
        client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.unwrap();
    };
    import().await;
    for _ in 0..2 {
        call!(client.keys(), disable_key, pb::DisableKeyRequest { key_id: key.key_id.clone() }).unwrap();
        let described = client.describe(&key.key_id).await;
        assert_eq!((described.key_state(), described.enabled), (pb::KeyState::Disabled, false));
    }
    import().await;
    assert_eq!(client.describe(&key.key_id).await.key_state(), pb::KeyState::Disabled);
    for _ in 0..2 {
        call!(client.keys(), enable_key, pb::EnableKeyRequest { key_id: key.key_id.clone() }).unwrap();
        let described = client.describe(&key.key_id).await;
        assert_eq!((described.key_state(), described.enabled), (pb::KeyState::Enabled, true));
    }
}

#[tokio::test]
async fn a_description_can_be_changed_and_emptied() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    for description in ["ключ № 1", &"x".repeat(8192), ""] {
        let request =
            pb::UpdateKeyDescriptionRequest { key_id: key.key_id.clone(), description: Some(description.to_owned()) };
        call!(client.keys(), update_key_description, request).unwrap();
        assert_eq!(client.describe(&key.key_id).await.description, description);
    }
}

#[tokio::test]
async fn a_deletion_is_scheduled_and_taken_back() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    // Without material first, then with it: what is left of the key differs.
    for (window, days, left) in [(None, 30, pb::KeyState::PendingImport), (Some(7), 7, pb::KeyState::Disabled)] {
        if left == pb::KeyState::Disabled {
            let set = client.some_parameters(&key.key_id).await;
            client.import(import_request(&set, Plaintext::aes().wrap_simply(&set.public_key))).await.unwrap();
        }
        assert_eq!(schedule(&client, &key, window).await, days);
        let request = pb::CancelKeyDeletionRequest { key_id: key.key_id.clone() };
        assert_eq!(call!(client.keys(), cancel_key_deletion, request).unwrap().key_id, key.arn);
        let described = client.describe(&key.key_id).await;
        assert_eq!((described.key_state(), described.enabled, described.deletion_date), (left, false, None));
    }
}

/// Schedules a deletion, checks the dates, and returns the window.
async fn schedule(client: &Client, key: &pb::KeyMetadata, pending_window_in_days: Option<i32>) -> i32 {
    let before = SystemTime::now();
    let request = pb::ScheduleKeyDeletionRequest { key_id: key.key_id.clone(), pending_window_in_days };
    let scheduled = call!(client.keys(), schedule_key_deletion, request).unwrap();
    assert_eq!((&scheduled.key_id, scheduled.key_state()), (&key.arn, pb::KeyState::PendingDeletion));
    let deletion = SystemTime::try_from(scheduled.deletion_date.unwrap()).unwrap();
    let window = Duration::from_secs(24 * 60 * 60) * scheduled.pending_window_in_days.unsigned_abs();
    let late = deletion.duration_since(before + window - Duration::from_millis(1)).unwrap();
    assert!(late < Duration::from_secs(60), "{late:?}");
    let described = client.describe(&key.key_id).await;
    assert_eq!((described.key_state(), described.enabled), (pb::KeyState::PendingDeletion, false));
    assert_eq!(described.deletion_date, scheduled.deletion_date);
    scheduled.pending_window_in_days
}

#[tokio::test]
async fn the_public_half_of_an_imported_key_is_the_owners() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    #[rustfmt::skip]
    let cases = [
        (KeySpec::EccNistP256,   KeyUsage::SignVerify,     vec![], vec!["ECDSA_SHA_256"], vec![]),
        (KeySpec::EccNistP384,   KeyUsage::KeyAgreement,   vec![], vec![],                vec!["ECDH"]),
        (KeySpec::EccSecgP256k1, KeyUsage::SignVerify,     vec![], vec!["ECDSA_SHA_256"], vec![]),
    ];
    for (spec, usage, encryption, signing, agreement) in cases {
        let key = client.create_external(spec, usage).await;
        let material = Plaintext::for_spec(spec);
        let set = client.some_parameters(&key.key_id).await;
        client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.unwrap();
        let answer = call!(client.keys(), get_public_key, pb::GetPublicKeyRequest { key_id: key.key_id.clone() }).unwrap();
        let expected = pb::GetPublicKeyResponse {
            key_id: key.arn,
            public_key: material.spki().unwrap(),
            key_spec: key.key_spec,
            key_usage: key.key_usage,
            encryption_algorithms: encryption.into_iter().map(str::to_owned).collect(),
            signing_algorithms: signing.into_iter().map(str::to_owned).collect(),
            key_agreement_algorithms: agreement.into_iter().map(str::to_owned).collect(),
        };
        assert_eq!(answer, expected, "{spec}");
    }
}

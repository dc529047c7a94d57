//! One set, several requests: the same again is the same answer, anything else is refused.

use keyferry::proto as pb;

use crate::harness::client::import_request;
use crate::harness::{Daemon, Plaintext, Settings};

const MESSAGE: &str = "the import token is invalid or is associated with a different KMS key";

#[tokio::test]
async fn the_identical_request_answers_the_same_and_no_other_does() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    let material = Plaintext::aes();
    let request = import_request(&set, material.wrap_simply(&set.public_key));
    let answer = client.import(request.clone()).await.unwrap();
    let described = client.describe(&key.key_id).await;
    for client in [client.clone(), daemon.client().await] {
        assert_eq!(client.import(request.clone()).await.unwrap(), answer);
    }
    let end = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    #[rustfmt::skip]
    let others = [
        ("another ciphertext", import_request(&set, material.wrap_simply(&set.public_key))),
        ("another material",   import_request(&set, Plaintext::aes().wrap_simply(&set.public_key))),
        ("a description",      pb::ImportKeyMaterialRequest { key_material_description: Some("x".into()), ..request.clone() }),
        ("another type",       pb::ImportKeyMaterialRequest { import_type: pb::ImportType::ExistingKeyMaterial.into(), ..request.clone() }),
        ("an end",             pb::ImportKeyMaterialRequest {
            valid_to: Some(end.into()),
            expiration_model: pb::ExpirationModel::KeyMaterialExpires.into(),
            ..request.clone()
        }),
    ];
    for (case, other) in others {
        client.import(other).await.expect_err(case).assert_says("InvalidImportTokenException", MESSAGE, case);
    }
    assert_eq!(client.import(request).await.unwrap(), answer, "refused repeats change nothing");
    assert_eq!(client.describe(&key.key_id).await, described);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_concurrent_imports_under_one_set_one_wins() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    let material = Plaintext::aes();
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push((daemon.client().await, import_request(&set, material.wrap_simply(&set.public_key))));
    }
    let imports: Vec<_> =
        clients.into_iter().map(|(client, request)| tokio::spawn(async move { client.import(request).await })).collect();
    let mut won = 0;
    for import in imports {
        match import.await.unwrap() {
            Ok(_) => won += 1,
            Err(refusal) => refusal.assert_says("InvalidImportTokenException", MESSAGE, "a loser"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(client.describe(&key.key_id).await.current_key_material_id, material.fingerprint(&key.key_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identical_request_sent_many_times_at_once_succeeds_or_may_be_tried_again() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    // A repeat may come at any moment of the first: so many rounds find the short ones.
    for _ in 0..6 {
        let key = client.create_symmetric().await;
        let set = client.some_parameters(&key.key_id).await;
        let request = import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
        let send = || {
            let (client, request) = (client.clone(), request.clone());
            tokio::spawn(async move { client.import(request).await })
        };
        let mut answers = Vec::new();
        for import in (0..16).map(|_| send()).collect::<Vec<_>>() {
            match import.await.unwrap() {
                Ok(answer) => answers.push(answer),
                Err(refusal) => assert!(
                    refusal.retry.is_some(),
                    "a repeat while the first is at work may wait, and no more: {refusal:?}"
                ),
            }
        }
        assert!(!answers.is_empty());
        answers.push(client.import(request).await.unwrap());
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
}

#[tokio::test]
async fn an_acknowledged_import_outlives_a_kill() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let (set, unused) = (client.some_parameters(&key.key_id).await, client.some_parameters(&key.key_id).await);
    let material = Plaintext::aes();
    let request = import_request(&set, material.wrap_simply(&set.public_key));
    let answer = client.import(request.clone()).await.unwrap();
    let described = client.describe(&key.key_id).await;

    let daemon = Daemon::serve(daemon.kill(), &[]);
    let client = daemon.client().await;
    assert_eq!(client.describe(&key.key_id).await, described);
    assert_eq!(client.import(request).await.unwrap(), answer);
    client.import(import_request(&unused, material.wrap_simply(&unused.public_key))).await.unwrap();
}

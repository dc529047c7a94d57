//! The database commits, and its answer is lost: what happened has happened once, and who asked is told so or may ask again.

use std::time::{Duration, Instant};

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::call;
use crate::harness::audit::{self, Keys};
use crate::harness::client::import_request;
use crate::harness::postgres_proxy::PostgresProxy;
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Plaintext, Settings, postgres};

const ISSUE: &str = "SET state = 'issued'";
const CLAIM: &str = "INSERT INTO claims";
const SETTLE: &str = "SET state = 'consumed'";
const CHANGE: &str = "UPDATE keys SET";
const INSERT: &str = "INSERT INTO keys";

async fn start() -> (PostgresProxy, Daemon) {
    let proxy = PostgresProxy::to(&postgres::database().await).await;
    let daemon = Daemon::start(Settings { store_url: Some(proxy.url.clone()), ..Settings::default() });
    (proxy, daemon)
}

fn symmetric(ids: &[&str]) -> Keys {
    ids.iter().map(|id| ((*id).to_owned(), (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt))).collect()
}

async fn import(client: &Client, key: &str, material: &Plaintext, import_type: pb::ImportType) {
    let set = client.some_parameters(key).await;
    let request = import_request(&set, material.wrap_simply(&set.public_key));
    client.import(pb::ImportKeyMaterialRequest { import_type: import_type.into(), ..request }).await.unwrap();
}

/// Waits until nothing is claimed or to be destroyed: a round of the janitor's, on a busy machine.
async fn at_rest(daemon: &Daemon) {
    let began = Instant::now();
    loop {
        let unsettled = Record::read(&daemon.installation).await.unsettled;
        if unsettled.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come to rest: {unsettled:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_whose_issue_was_not_answered_is_given_to_nobody_else() {
    let (proxy, daemon) = start().await;
    let client = daemon.client().await;
    let key = client.create_symmetric().await.key_id;
    proxy.lose_the_answer_to(ISSUE);
    let asked = client.parameters(&key, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048).await;
    asked.unwrap_err().assert_is("DependencyTimeoutException", "the answer was lost");
    assert_eq!(proxy.lost(), 1);
    let lost = Record::read(&daemon.installation).await.wrapping_keys;
    assert_eq!(lost.values().collect::<Vec<_>>(), ["issued"]);

    let set = client.some_parameters(&key).await;
    let now = Record::read(&daemon.installation).await.wrapping_keys;
    assert_eq!(now.values().collect::<Vec<_>>(), ["issued"; 2], "another one");
    client.import(import_request(&set, Plaintext::aes().wrap_simply(&set.public_key))).await.unwrap();
    at_rest(&daemon).await;
    drop(client);
    let installation = daemon.terminate();
    audit::assert_sound(&installation, &symmetric(&[&key])).await;
    assert_eq!(Record::read(&installation).await.wrapping_keys, lost, "it expires");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_settlement_was_not_answered_has_happened_and_is_told_so() {
    let (proxy, daemon) = start().await;
    let client = daemon.client().await;
    let key = client.create_symmetric().await.key_id;
    let material = Plaintext::aes();
    // The first, and one of the same material again.
    for lost in 1..=2 {
        let set = client.some_parameters(&key).await;
        let request = import_request(&set, material.wrap_simply(&set.public_key));
        proxy.lose_the_answer_to(SETTLE);
        let answer = client.import(request.clone()).await.unwrap();
        assert_eq!(proxy.lost(), lost);
        assert_eq!(answer.key_material_id, material.fingerprint(&key));
        assert_eq!(client.import(request).await.unwrap(), answer, "asked again: the same success");
    }
    assert_eq!(client.describe(&key).await.key_state(), pb::KeyState::Enabled);
    at_rest(&daemon).await;
    drop(client);
    audit::assert_sound(&daemon.terminate(), &symmetric(&[&key])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_claim_was_not_answered_is_done_when_it_is_asked_for_again() {
    let (proxy, daemon) = start().await;
    let client = daemon.client().await;
    let key = client.create_symmetric().await.key_id;
    let set = client.some_parameters(&key).await;
    let request = import_request(&set, Plaintext::aes().wrap_simply(&set.public_key));
    proxy.lose_the_answer_to(CLAIM);
    let refused = client.import(request.clone()).await.unwrap_err();
    refused.assert_is("DependencyTimeoutException", "the answer was lost");
    assert_eq!(proxy.lost(), 1);
    client.import(request).await.unwrap();
    // The claim that nobody knew of does not wait for a janitor.
    at_rest(&daemon).await;
    drop(client);
    audit::assert_sound(&daemon.terminate(), &symmetric(&[&key])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_not_answered_has_happened_once_and_is_told_so() {
    let (proxy, daemon) = start().await;
    let client = daemon.client().await;
    let key = client.create_symmetric().await.key_id;
    let [first, second] = [Plaintext::aes(), Plaintext::aes()];
    for material in [&first, &second] {
        import(&client, &key, material, pb::ImportType::NewKeyMaterial).await;
    }
    let rotate = pb::RotateKeyOnDemandRequest { key_id: key.clone() };
    proxy.lose_the_answer_to(CHANGE);
    call!(client.rotations(), rotate_key_on_demand, rotate.clone()).unwrap();
    assert_eq!(proxy.lost(), 1);
    assert_eq!(client.describe(&key).await.current_key_material_id, second.fingerprint(&key));
    call!(client.rotations(), rotate_key_on_demand, rotate).unwrap_err().assert_is("KMSInvalidStateException", "once");

    proxy.lose_the_answer_to(CHANGE);
    client.delete_material(&key).await.unwrap();
    assert_eq!(proxy.lost(), 2);
    assert_eq!(client.describe(&key).await.key_state(), pb::KeyState::PendingImport);
    at_rest(&daemon).await;
    drop(client);
    audit::assert_sound(&daemon.terminate(), &symmetric(&[&key])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_making_was_not_answered_is_there_once_and_so_is_its_next_material() {
    let (proxy, daemon) = start().await;
    let client = daemon.client().await;
    proxy.lose_the_answer_to(INSERT);
    let external = client.create_symmetric().await.key_id;
    proxy.lose_the_answer_to(INSERT);
    let made = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await.key_id;
    proxy.lose_the_answer_to(CHANGE);
    let rotate = pb::RotateKeyOnDemandRequest { key_id: made.clone() };
    call!(client.rotations(), rotate_key_on_demand, rotate).unwrap();
    assert_eq!(proxy.lost(), 3);
    let listed = call!(client.keys(), list_keys, pb::ListKeysRequest::default()).unwrap();
    assert_eq!(listed.keys.len(), 2);
    let request = pb::ListKeyRotationsRequest { key_id: made.clone(), ..Default::default() };
    let rotations = call!(client.rotations(), list_key_rotations, request).unwrap().rotations;
    assert_eq!(rotations.len(), 1);
    at_rest(&daemon).await;
    drop(client);
    audit::assert_sound(&daemon.terminate(), &symmetric(&[&external, &made])).await;
}

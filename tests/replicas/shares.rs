//! What is doomed is on record for all replicas, and each destroys what it doomed itself.

use std::time::{Duration, Instant};

use keyferry::clock::Clock;
use keyferry::hsm::Token;
use keyferry::model::{Account, ObjectId, ObjectKind};
use keyferry::service::{CreateKey, DeleteImportedKeyMaterial};

use crate::harness::service::{House, call, start};
use crate::life::{arriving, created, external_key, import};

/// Longer than what another has doomed is left to it.
const LATE: Duration = Duration::from_secs(31);

/// How long it is waited for what is to be destroyed.
const PATIENCE: Duration = Duration::from_secs(60);

/// An object that another process dooms just now.
async fn doomed_by_another(house: &House) -> ObjectId {
    let key = created(house, CreateKey::default()).await.key.id;
    let account = Account::parse("111122223333").unwrap();
    let object = house.store.key(&account, &key).await.unwrap().unwrap().materials[0].object;
    let now = house.clock.now().as_millis();
    house
        .tamper(&format!(
            "INSERT INTO doomed (object, token, doomed_at, doomed_by) \
             SELECT object, (SELECT token FROM keys WHERE id = key_id), {now}, 'another' FROM materials WHERE key_id = '{key}'"
        ))
        .await;
    house.tamper(&format!("DELETE FROM keys WHERE id = '{key}'")).await;
    object
}

async fn doomed(house: &House) -> Vec<ObjectId> {
    house.store.doomed(&house.hsm.profile().serial_number, None, 10).await.unwrap()
}

async fn materials(house: &House) -> Vec<ObjectId> {
    let found = house.hsm.sweep(Token::objects).await.unwrap();
    found.into_iter().filter(|found| found.kind == ObjectKind::Material).map(|found| found.id).collect()
}

/// Has the service doom something of its own, and waits until no more is left than this.
async fn dooms(house: &House, left: &[ObjectId]) {
    let key = external_key(house).await.key.id;
    let request = arriving(house, key.as_str(), &[7; 32]).await;
    import(house, request).await.unwrap();
    let request = DeleteImportedKeyMaterial { key_id: key.to_string(), key_material_id: None };
    house.service.delete_imported_key_material(&call(), request).await.unwrap();
    let began = Instant::now();
    while doomed(house).await != left {
        assert!(began.elapsed() < PATIENCE, "{:?} are doomed, and not {left:?}", doomed(house).await);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_has_doomed_is_left_to_it_until_it_is_late() {
    let house = start("shares-late").await;
    let object = doomed_by_another(&house).await;
    dooms(&house, &[object]).await;
    assert_eq!(materials(&house).await, [object]);
    house.clock.advance(LATE);
    dooms(&house, &[]).await;
    assert_eq!(materials(&house).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_janitors_round_destroys_what_anybody_has_doomed() {
    let house = start("shares-round").await;
    let object = doomed_by_another(&house).await;
    assert_eq!(doomed(&house).await, [object]);
    house.service.tidy().await.unwrap();
    assert_eq!(doomed(&house).await, []);
    assert_eq!(materials(&house).await, []);
}

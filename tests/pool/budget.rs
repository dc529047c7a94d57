//! The token never holds more than it may, and wrapping keys never take the share that is kept for material.

use keyferry::model::{ObjectKind, WrappingAlgorithm};
use keyferry::service::{CapacitySettings, CreateKey, ImportKeyMaterial, Kind, Marks, Parameters, Settings};
use keyferry::wrap;

use super::{House, call, call_of, external_key, parameters, pool_of, settings, start_with};

/// Twelve for wrapping keys, four more for material.
const CAPACITY: CapacitySettings = CapacitySettings { objects: Some(16), import_share: 25 };

/// Material and wrapping keys on the token; the keys of its own are always there and do not count.
async fn objects(house: &House) -> usize {
    let all = house.hsm.sweep(|token| token.objects()).await.unwrap();
    all.iter().filter(|found| matches!(found.kind, ObjectKind::Material | ObjectKind::WrappingKey)).count()
}

async fn import(house: &House, set: &Parameters) -> Result<(), keyferry::service::Error> {
    let request = ImportKeyMaterial {
        key_id: set.arn.to_string(),
        import_token: set.import_token.clone(),
        encrypted_key_material: wrap::wrap(&set.spki, WrappingAlgorithm::RsaesOaepSha1, &[7; 32]).unwrap(),
        valid_to: None,
        expiration_model: Some("KEY_MATERIAL_DOES_NOT_EXPIRE".to_owned()),
        import_type: None,
        key_material_description: None,
        key_material_id: None,
    };
    house.service.import_key_material(&call(), request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_issues_leaves_room_for_imports_which_pass_while_issues_are_refused() {
    let house = std::sync::Arc::new(start_with("flood", Settings { capacity: CAPACITY, ..settings() }).await);
    let mut keys = Vec::new();
    for _ in 0..20 {
        keys.push(external_key(&house).await);
    }
    let flood = keys.iter().enumerate().map(|(n, key)| {
        let (house, key) = (house.clone(), key.clone());
        tokio::spawn(async move { parameters(&house, &call_of(&format!("caller {n}")), &key).await })
    });
    let mut sets = Vec::new();
    for asked in flood.collect::<Vec<_>>() {
        match asked.await.unwrap() {
            Ok(set) => sets.push(set),
            Err(refused) => {
                assert_eq!((refused.kind(), refused.retry_after().is_some()), (Kind::LimitExceeded, true), "{refused}");
            }
        }
    }
    assert_eq!(sets.len(), 12);
    assert_eq!(objects(&house).await, 12);

    // Nothing is destroyed meanwhile: the only session that does it is kept busy.
    let (release, released) = std::sync::mpsc::channel::<()>();
    let hsm = house.hsm.clone();
    let holding = tokio::spawn(async move { hsm.sweep(move |_| Ok(released.recv().is_err())).await });
    for set in &sets[..4] {
        import(&house, set).await.unwrap();
        let refused = parameters(&house, &call(), &keys[0]).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::LimitExceeded);
    }
    // Four used wrapping keys are still there, and with them the budget is used up, for material too.
    assert_eq!(import(&house, &sets[4]).await.unwrap_err().kind(), Kind::LimitExceeded);
    let made = house.service.create_key(&call(), CreateKey::default()).await.unwrap_err();
    assert_eq!(made.kind(), Kind::LimitExceeded);
    drop(release);
    assert!(holding.await.unwrap().unwrap());
    // What is refused consumes nothing, and there is room again when the used ones are gone.
    while house.service.stock().await.unwrap().holdings.live > 12 {
        tokio::task::yield_now().await;
    }
    import(&house, &sets[4]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_keeps_within_the_budget_and_fills_on_when_there_is_room() {
    let settings = Settings { capacity: CAPACITY, ..pool_of(Marks { low: 10, high: 10 }) };
    let house = start_with("small token", settings).await;
    let filling = tokio::spawn(house.service.clone().keep_filled());
    house.service.is_filled().await;
    let ready = async || {
        let stock = house.service.stock().await.unwrap();
        stock.pools.iter().map(|pool| pool.level.ready).sum::<u32>()
    };
    assert_eq!((ready().await, objects(&house).await), (12, 12), "and not twenty");

    // A set that is used makes room for its material, and one that expires for another pair.
    let key = external_key(&house).await;
    let set = parameters(&house, &call(), &key).await.unwrap();
    import(&house, &set).await.unwrap();
    while house.service.stock().await.unwrap().holdings.live != 12 || ready().await != 11 {
        tokio::task::yield_now().await;
    }
    parameters(&house, &call(), &key).await.unwrap();
    house.clock.advance(settings_lifetime());
    house.service.tidy().await.unwrap();
    house.service.is_filled().await;
    while ready().await != 11 {
        tokio::task::yield_now().await;
    }
    assert_eq!(objects(&house).await, 12);
    filling.abort();
}

fn settings_lifetime() -> std::time::Duration {
    settings().lifetime
}

//! A Region that is away: nothing is said to have happened that has not, and everything happens when it is back.

use keyferry::proto as pb;

use super::EVERYWHERE;
use super::world::{ASIA, EUROPE, HOME, World, encrypt, family, import, replicate, rotate, state, update_primary_region};
use crate::harness::Plaintext;

#[tokio::test]
async fn a_region_that_cannot_be_asked_gets_no_replica_and_the_caller_is_told_to_try_again() {
    let world = World::of(&[HOME, EUROPE]).await;
    let key = world.primary(&Plaintext::aes()).await.key_id;
    let home = world.client(HOME).await;
    world.cut_off(EUROPE);
    let refusal = replicate(&home, &key, EUROPE).await.unwrap_err();
    refusal.assert_is("DependencyTimeoutException", "away");
    assert!(refusal.retry.is_some() && refusal.message.contains(EUROPE), "{refusal:?}");
    assert_eq!(family(home.describe(&key).await).2, [""; 0], "nothing is planned");
    world.reach(EUROPE);
    replicate(&home, &key, EUROPE).await.unwrap();
    world.until(EUROPE, &key, pb::KeyState::PendingImport, state).await;
}

#[tokio::test]
async fn a_region_that_was_away_hears_what_has_changed_when_it_is_back() {
    let mut world = World::of(&EVERYWHERE).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    let [home, europe, asia] = [world.client(HOME).await, world.client(EUROPE).await, world.client(ASIA).await];
    let next = Plaintext::aes();
    import(&home, &key, &next, pb::ImportType::NewKeyMaterial).await.unwrap();
    for (region, client) in [(EUROPE, &europe), (ASIA, &asia)] {
        world.until_newest(region, &key, pb::KeyMaterialState::PendingMultiRegionImportAndRotation).await;
        import(client, &key, &next, pb::ImportType::ExistingKeyMaterial).await.unwrap();
    }
    world.until_newest(HOME, &key, pb::KeyMaterialState::PendingRotation).await;
    world.cut_off(ASIA);
    rotate(&home, &key).await.unwrap();
    world.until(EUROPE, &key, next.fingerprint(&key), |key| key.current_key_material_id).await;
    assert_ne!(asia.describe(&key).await.current_key_material_id, next.fingerprint(&key));
    assert!(encrypt(&asia, &key).await.is_ok(), "it serves what it knows");
    // What is owed is on record: another process pays it.
    world.restart(HOME, &[]);
    world.reach(ASIA);
    world.until(ASIA, &key, next.fingerprint(&key), |key| key.current_key_material_id).await;
}

#[tokio::test]
async fn a_primary_that_the_next_one_does_not_answer_is_updating_until_it_does() {
    let mut world = World::of(&EVERYWHERE).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    // Europe says yes, and goes away before it is told.
    world.restart(HOME, &[("KEYFERRY_FAILPOINT", "primary.recorded")]);
    let home = world.client(HOME).await;
    update_primary_region(&home, &key, EUROPE).await.unwrap_err();
    let place = world.0.get_mut(HOME).unwrap();
    let (_, installation, _) = place.daemon.take().unwrap().wait();
    world.cut_off(EUROPE);
    world.start(HOME, installation, &[]);
    let home = world.client(HOME).await;
    assert_eq!(home.describe(&key).await.key_state(), pb::KeyState::Updating);
    assert!(encrypt(&home, &key).await.is_ok(), "it can be used all the while");
    let said = format!("{} is updating.", home.describe(&key).await.arn);
    let refused = replicate(&home, &key, ASIA).await.unwrap_err();
    refused.assert_says("KMSInvalidStateException", &said, "not now");
    let set = home
        .parameters(&key, keyferry::model::WrappingAlgorithm::RsaesOaepSha256, keyferry::model::WrappingKeySpec::Rsa2048)
        .await;
    set.unwrap_err().assert_says("KMSInvalidStateException", &said, "not now");
    assert_eq!(family(world.client(EUROPE).await.describe(&key).await).1, HOME, "it has not heard of it");
    world.reach(EUROPE);
    for region in EVERYWHERE {
        world.until(region, &key, EUROPE.to_owned(), |key| family(key).1).await;
    }
    world.until(HOME, &key, pb::KeyState::Enabled, state).await;
}

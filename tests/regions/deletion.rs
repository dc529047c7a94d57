//! A primary goes after its replicas.

use keyferry::proto as pb;

use super::EVERYWHERE;
use super::world::{ASIA, EUROPE, HOME, World, encrypt, family, replicate, state};
use crate::call;
use crate::harness::{Client, Plaintext};

const DAY: i32 = 24 * 60 * 60;

async fn schedule(client: &Client, key: &str, days: i32) -> pb::ScheduleKeyDeletionResponse {
    let request = pb::ScheduleKeyDeletionRequest { key_id: key.to_owned(), pending_window_in_days: Some(days) };
    call!(client.keys(), schedule_key_deletion, request).unwrap()
}

async fn advance(client: &Client, days: i32) {
    call!(client.operator(), advance_clock, pb::AdvanceClockRequest { seconds: days * DAY + 1 }).unwrap();
}

#[tokio::test]
async fn the_waiting_period_of_a_primary_begins_when_its_last_replica_is_gone() {
    let world = World::with_clock_control(&EVERYWHERE).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    let home = world.client(HOME).await;
    let scheduled = schedule(&home, &key, 9).await;
    assert_eq!((scheduled.key_state(), scheduled.deletion_date), (pb::KeyState::PendingReplicaDeletion, None));
    let shown = home.describe(&key).await;
    assert_eq!(shown.key_state(), pb::KeyState::PendingReplicaDeletion);
    assert_eq!((shown.deletion_date, shown.pending_deletion_window_in_days), (None, Some(9)));
    let said = format!("{} is pending replica deletion.", shown.arn);
    encrypt(&home, &key).await.unwrap_err().assert_says("KMSInvalidStateException", &said, "no use");
    replicate(&home, &key, EUROPE).await.unwrap_err().assert_says("KMSInvalidStateException", &said, "no replicas");
    for region in [EUROPE, ASIA] {
        let there = world.client(region).await;
        assert!(encrypt(&there, &key).await.is_ok(), "a replica is not concerned");
        let scheduled = schedule(&there, &key, 7).await;
        assert_eq!(scheduled.key_state(), pb::KeyState::PendingDeletion);
        assert_eq!(home.describe(&key).await.key_state(), pb::KeyState::PendingReplicaDeletion, "scheduled is not deleted");
        advance(&there, 7).await;
        world.until_gone(region, &key).await;
    }
    let shown = world.until(HOME, &key, pb::KeyState::PendingDeletion, state).await;
    assert_eq!((shown.deletion_date.is_some(), shown.pending_deletion_window_in_days), (true, None));
    assert_eq!(family(shown).2, [""; 0]);
    advance(&home, 9).await;
    world.until_gone(HOME, &key).await;
}

#[tokio::test]
async fn a_replica_that_is_due_loses_its_material_though_its_primary_is_away_and_goes_when_it_is_back() {
    let world = World::with_clock_control(&[HOME, EUROPE]).await;
    let key = world.everywhere(&Plaintext::aes()).await;
    let europe = world.client(EUROPE).await;
    schedule(&europe, &key, 7).await;
    world.cut_off(HOME);
    advance(&europe, 7).await;
    let shown = world.until(EUROPE, &key, None, |key| key.key_material_proof).await;
    assert_eq!(shown.key_state(), pb::KeyState::PendingDeletion);
    let request = pb::CancelKeyDeletionRequest { key_id: key.clone() };
    let refusal = call!(europe.keys(), cancel_key_deletion, request).unwrap_err();
    refusal.assert_says("KMSInvalidStateException", &format!("{} is being deleted.", shown.arn), "too late");
    assert_eq!(family(world.client(HOME).await.describe(&key).await).2, [EUROPE], "it does not know yet");
    world.reach(HOME);
    world.until_gone(EUROPE, &key).await;
    world.until(HOME, &key, vec![], |key| family(key).2).await;
    // And there is room for another.
    replicate(&world.client(HOME).await, &key, EUROPE).await.unwrap();
    world.until(EUROPE, &key, pb::KeyState::PendingImport, state).await;
}

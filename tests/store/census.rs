//! What the record is full of, counted.

use std::collections::BTreeMap;

use keyferry::model::key::Deletion;
use keyferry::model::{Expiration, Key, KeyId, KeyState, Material, MaterialPresence, Rotation};
use keyferry::store::{Error, Store};

use super::on_both;
use super::samples::*;
use crate::harness::postgres::Cluster;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

on_both! {
    async fn keys_are_counted_in_the_state_that_each_is_in(bench: Bench) {
        let store = &bench.store;
        let mortal = |hours: u64| material(1, Expiration::At(later(hours * HOUR)));
        let gone = |presence| Material { presence, ..material(2, Expiration::Never) };
        let waiting = || Material { rotation: Rotation::PendingRotation, ..gone(MaterialPresence::Deleted) };
        let elsewhere = || Material {
            rotation: Rotation::PendingMultiRegionImportAndRotation,
            ..gone(MaterialPresence::Awaited)
        };
        let older = |presence| Material { rotation: Rotation::NonCurrent, ..gone(presence) };
        let deletion = Some(Deletion { at: Some(later(DAY)), window_in_days: 7 });
        let cases: [(Vec<Material>, bool, Option<Deletion>); 14] = [
            (vec![], true, None),
            (vec![], false, None),
            (vec![mortal(2)], true, None),
            (vec![mortal(2)], false, None),
            (vec![mortal(2)], true, deletion),
            (vec![], true, deletion),
            (vec![mortal(0)], true, None),
            (vec![gone(MaterialPresence::Expired)], true, None),
            (vec![waiting()], true, None),
            (vec![mortal(3), waiting()], true, None),
            (vec![mortal(3), older(MaterialPresence::Imported)], true, None),
            (vec![mortal(3), older(MaterialPresence::Deleted)], true, None),
            (vec![mortal(3), elsewhere()], true, None),
            (vec![mortal(3)], true, Some(Deletion { at: None, window_in_days: 7 })),
        ];
        let mut expected = BTreeMap::new();
        for (materials, enabled, deletion) in cases {
            let key = recorded(store, Key { materials, enabled, deletion, ..key() }).await;
            *expected.entry(key.state(NOW)).or_insert(0) += 1;
        }
        let handing_over = Key { id: KeyId::random(true), deletion: None, version: 0, ..full_key() };
        let handing_over = recorded(store, handing_over).await;
        *expected.entry(handing_over.state(NOW)).or_insert(0) += 1;
        assert_eq!(expected.len(), KeyState::ALL.len() - 1, "every state is there but Creating, which none on record is in");
        assert_eq!(store.census(NOW).await.unwrap().keys, expected);
        assert_eq!(store.census(NOW).await.unwrap().untold, 1);
        // What is over by then is none any more.
        assert_ne!(store.census(later(2 * HOUR)).await.unwrap().keys, expected);
    }

    async fn materials_are_counted_by_how_soon_they_end(bench: Bench) {
        let store = &bench.store;
        let empty = store.census(NOW).await.unwrap();
        assert_eq!((empty.ending, empty.mortal, empty.next_end, empty.pending, empty.doomed), ([0; 5], 0, None, 0, 0));
        let ends = [HOUR, 2 * HOUR, DAY, 8 * DAY, 60 * DAY, 364 * DAY].map(|seconds| Expiration::At(later(seconds)));
        for end in ends.into_iter().chain([Expiration::Never]) {
            recorded(store, Key { materials: vec![material(1, end)], ..key() }).await;
        }
        let gone = Material { presence: MaterialPresence::Deleted, ..material(1, ends[0]) };
        let mut key = recorded(store, Key { materials: vec![gone], ..key() }).await;
        key.enabled = !key.enabled;
        store.save_key(&key, &[keyferry::model::ObjectId::random()], NOW).await.unwrap();
        let census = store.census(NOW).await.unwrap();
        assert_eq!((census.ending, census.mortal, census.next_end), ([1, 3, 3, 4, 5], 6, Some(later(HOUR))));
        assert_eq!(census.doomed, 1);
    }

    async fn a_database_that_is_there_answers(bench: Bench) {
        bench.store.ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_standby_answers_that_it_takes_no_changes() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let store = Store::open(&cluster.any_url()).await.unwrap();
    store.ping().await.unwrap();
    let read_only = format!("{}&options=-cdefault_transaction_read_only%3Don", cluster.any_url());
    let standby = Store::open_to_read(&read_only).await.unwrap();
    assert!(matches!(standby.ping().await, Err(Error::ReadOnly)));
}

#[tokio::test]
async fn a_call_that_does_not_reach_the_database_is_told_to_who_watches_over_it() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let store = Store::open(&cluster.any_url()).await.unwrap();
    store.census(NOW).await.unwrap();
    let watching = tokio::spawn({
        let store = store.clone();
        async move { store.stumbled().await }
    });
    tokio::task::yield_now().await;
    assert!(!watching.is_finished(), "all is well");
    cluster.stop();
    assert!(matches!(store.ping().await, Err(Error::Unreachable(_))));
    assert!(!watching.is_finished(), "who asks knows it already");
    store.live_objects(TOKEN).await.unwrap_err();
    watching.await.unwrap();
}

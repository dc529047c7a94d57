//! The two sides of a sweep: what nobody knows, and what must be there.

use keyferry::model::{Key, Material, MaterialPresence, ObjectId};
use keyferry::store::Store;

use super::on_both;
use super::samples::*;

on_both! {
    async fn an_object_is_unknown_when_no_living_record_names_it(bench: Bench) {
        let store = &bench.store;
        let key = recorded(store, full_key()).await;
        let (making, ready, issued) = (pair(), ready_pair(store).await, issued_set(store).await);
        store.begin_wrapping_key(&making).await.unwrap();
        let claim = claim_alone();
        store.claim_object(&claim).await.unwrap();
        let (consumed, _) = consumed_set(store).await;

        let known = [key.materials[1].object, making.object, ready.object, issued.object, claim.object, consumed.object];
        assert_eq!(store.unknown_objects(&known).await.unwrap(), []);
        // Expired material's object is gone, or doomed; nobody needs it.
        let expired = key.materials[0].object;
        assert_eq!(store.unknown_objects(&[expired]).await.unwrap(), [expired]);
        // Destroyed, and there all the same.
        store.destroyed(&[consumed.object]).await.unwrap();
        assert_eq!(store.unknown_objects(&known).await.unwrap(), [consumed.object]);
    }

    async fn any_number_of_objects_can_be_asked_for(bench: Bench) {
        let store = &bench.store;
        assert_eq!(store.unknown_objects(&[]).await.unwrap(), []);
        for count in [1, 99, 100, 101, 250] {
            let strangers: Vec<ObjectId> = (0..count).map(|_| ObjectId::random()).collect();
            let mut asked = strangers.clone();
            asked.insert(count / 2, ready_pair(store).await.object);
            assert_eq!(store.unknown_objects(&asked).await.unwrap(), strangers);
        }
    }

    async fn expected_objects_come_in_pages(bench: Bench) {
        let store = &bench.store;
        let mut expected = Vec::new();
        for seed in 0..3 {
            let mut gone = full_key().materials.remove(0);
            gone.presence = MaterialPresence::Deleted;
            let there = Material { rotation: gone.rotation, ..full_key().materials.remove(1) };
            expected.push(there.object);
            recorded(store, Key { materials: vec![gone, there], description: format!("{seed}"), ..key() }).await;
            expected.push(ready_pair(store).await.object);
            expected.push(issued_set(store).await.object);
        }
        store.begin_wrapping_key(&pair()).await.unwrap();
        consumed_set(store).await;
        expected.sort();

        let mut seen: Vec<ObjectId> = Vec::new();
        loop {
            let page = store.expected_objects(TOKEN, seen.last().copied(), 4).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= 4);
            seen.extend(page);
        }
        assert_eq!(seen, expected);
    }

    async fn the_doomed_wait_in_line_until_they_are_destroyed(bench: Bench) {
        let store = &bench.store;
        let mut key = recorded(store, key()).await;
        let mut objects: Vec<ObjectId> = (0..3).map(|_| ObjectId::random()).collect();
        objects.sort();
        for (seconds, object) in (0..).zip(&objects) {
            // Again and again: the first time counts.
            store.save_key(&key, &objects[..1], later(seconds)).await.unwrap();
            key.version += 1;
            store.save_key(&key, &[*object], later(seconds)).await.unwrap();
            key.version += 1;
        }
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), objects);
        assert_eq!(store.doomed(TOKEN, None, 2).await.unwrap(), objects[..2]);
        assert_eq!(store.doomed(TOKEN, Some(objects[1]), 2).await.unwrap(), objects[2..]);
        assert_eq!(store.destroyed(&objects[..1]).await.unwrap(), 1);
        assert_eq!(store.destroyed(&objects[..1]).await.unwrap(), 0);
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), objects[1..]);
    }

    async fn what_one_has_doomed_is_not_for_another_to_destroy_before_it_is_late(bench: Bench) {
        let store = &bench.store;
        let mut key = recorded(store, key()).await;
        let objects = [ObjectId::random()];
        store.save_key(&key, &objects, NOW).await.unwrap();
        key.version += 1;
        let other = Store::open(&bench.url).await.unwrap();
        // Over SQLite a second is the first, started again.
        let mut seen: &[ObjectId] = if store.kind() == "sqlite" { &objects } else { &[] };
        for before in [NOW, later(1)] {
            assert_eq!(store.doomed_here(TOKEN, before, None, 10).await.unwrap(), objects);
            assert_eq!(other.doomed_here(TOKEN, before, None, 10).await.unwrap(), seen);
            seen = &objects;
        }
        let set = issued_set(store).await;
        other.expire_wrapping_keys(later(90_000), 10).await.unwrap();
        let of_other = other.doomed_here(TOKEN, NOW, None, 10).await.unwrap();
        assert!(of_other.contains(&set.object));
        let left = store.doomed_here(TOKEN, NOW, None, 10).await.unwrap();
        assert_eq!(left.contains(&set.object), store.kind() == "sqlite");
    }
}

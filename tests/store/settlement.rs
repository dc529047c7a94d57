//! Settlements: an import happens whole, or not at all.

use std::collections::BTreeSet;

use keyferry::model::{Expiration, Key, Material, ObjectId, WrappingKey, WrappingKeyState};
use keyferry::store::{Leftover, Settled};

use super::on_both;
use super::samples::*;

on_both! {
    async fn a_settled_import_is_there_whole(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        let claim = claim_on(&set);
        store.claim(&claim, MAX_ATTEMPTS, NOW).await.unwrap();
        let mut key = recorded(store, key()).await;
        let mut came = material(7, Expiration::At(later(60)));
        came.object = claim.object;
        key.materials.push(came);
        key.enabled = true;
        let replaced = ObjectId::random();
        assert_eq!(store.settle(&claim, &key, &[replaced], &answer(7), NOW).await.unwrap(), Settled::Settled);

        assert_eq!(store.key(&key.account, &key.id).await.unwrap(), Some(Key { version: 1, ..key }));
        let consumed = WrappingKey { state: WrappingKeyState::Consumed, attempts: 1, answer: Some(answer(7)), ..set.clone() };
        assert_eq!(store.wrapping_key(&set.id).await.unwrap(), Some(consumed));
        assert_eq!(doomed(store).await, BTreeSet::from([set.object, replaced]));
        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), []);
        assert_eq!(store.expected_objects(TOKEN, None, 10).await.unwrap(), [claim.object]);
    }

    async fn a_second_import_under_one_set_gets_the_answer_of_the_first(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        let (first, second) = (claim_on(&set), claim_on(&set));
        for claim in [&first, &second] {
            store.claim(claim, MAX_ATTEMPTS, NOW).await.unwrap();
        }
        let key = recorded(store, key()).await;
        store.settle(&first, &key, &[], &answer(1), NOW).await.unwrap();
        let before = store.key(&key.account, &key.id).await.unwrap().unwrap();
        let late = store.settle(&second, &before, &[ObjectId::random()], &answer(2), NOW).await.unwrap();
        assert_eq!(late, Settled::AlreadyConsumed(answer(1)));
        assert_eq!(store.key(&key.account, &key.id).await.unwrap(), Some(before));
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), [set.object]);
        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), [second]);
    }

    async fn a_key_changed_meanwhile_stops_the_import_whole(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        let claim = claim_on(&set);
        store.claim(&claim, MAX_ATTEMPTS, NOW).await.unwrap();
        let mut stale = recorded(store, key()).await;
        store.save_key(&stale, &[], NOW).await.unwrap();
        stale.materials.push(material(1, Expiration::Never));
        let before = (store.key(&stale.account, &stale.id).await.unwrap(), store.wrapping_key(&set.id).await.unwrap());

        let stopped = store.settle(&claim, &stale, &[ObjectId::random()], &answer(1), NOW).await.unwrap();
        assert_eq!(stopped, Settled::KeyChanged);
        let after = (store.key(&stale.account, &stale.id).await.unwrap(), store.wrapping_key(&set.id).await.unwrap());
        assert_eq!(after, before);
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), []);

        // Read again, it goes through.
        let fresh = Key { version: 1, ..stale };
        assert_eq!(store.settle(&claim, &fresh, &[], &answer(1), NOW).await.unwrap(), Settled::Settled);
    }

    async fn an_import_whose_claim_was_given_up_does_not_happen(bench: Bench) {
        let store = &bench.store;
        let key = recorded(store, key()).await;
        let released = issued_set(store).await;
        let given_up = claim_on(&released);
        store.claim(&given_up, MAX_ATTEMPTS, NOW).await.unwrap();
        store.release(&given_up, Leftover::Perhaps, MAX_ATTEMPTS, NOW).await.unwrap();

        let expired = issued_set(store).await;
        let too_late = claim_on(&expired);
        store.claim(&too_late, MAX_ATTEMPTS, NOW).await.unwrap();
        store.expire_wrapping_keys(issue().expires_at, 10).await.unwrap();

        let other = issued_set(store).await;
        let of_another = claim_on(&other);
        store.claim(&of_another, MAX_ATTEMPTS, NOW).await.unwrap();
        let mut misnamed = of_another.clone();
        misnamed.wrapping_key = Some(issued_set(store).await.id);

        let before = doomed(store).await;
        for claim in [given_up, too_late, misnamed, claim_alone()] {
            let outcome = store.settle(&claim, &key, &[ObjectId::random()], &answer(1), NOW).await.unwrap();
            assert_eq!(outcome, Settled::ClaimGone);
        }
        assert_eq!(store.key(&key.account, &key.id).await.unwrap(), Some(key));
        assert_eq!(doomed(store).await, before);
    }

    async fn a_rotation_settles_its_claim_or_changes_nothing(bench: Bench) {
        let key = recorded(&bench.store, full_key()).await;
        let claim = claim_alone();
        let came = Material { rotated_at: Some(NOW), ..material(9, Expiration::Never) };
        let rotated = Key { materials: vec![came], ..key.clone() };
        assert_eq!(bench.store.settle_rotation(&claim, &rotated).await.unwrap(), Settled::ClaimGone);
        bench.store.claim_object(&claim).await.unwrap();
        let stale = Key { version: 7, ..rotated.clone() };
        assert_eq!(bench.store.settle_rotation(&claim, &stale).await.unwrap(), Settled::KeyChanged);
        assert_eq!(bench.store.key(&key.account, &key.id).await.unwrap(), Some(key.clone()));
        assert_eq!(bench.store.stale_claims(later(1), 10).await.unwrap(), std::slice::from_ref(&claim));

        assert_eq!(bench.store.settle_rotation(&claim, &rotated).await.unwrap(), Settled::Settled);
        assert_eq!(bench.store.key(&key.account, &key.id).await.unwrap(), Some(Key { version: 1, ..rotated }));
        assert_eq!(bench.store.stale_claims(later(1), 10).await.unwrap(), []);
    }
}

//! Claims: attempts under a set, and how they end without success.

use std::collections::BTreeSet;

use keyferry::model::{Expiration, ObjectId, WrappingKey, WrappingKeyId, WrappingKeyState};
use keyferry::store::{Claimed, Leftover, Store};

use super::on_both;
use super::samples::*;

async fn state_of(store: &Store, set: &WrappingKey) -> (WrappingKeyState, u32) {
    let set = store.wrapping_key(&set.id).await.unwrap().unwrap();
    (set.state, set.attempts)
}

on_both! {
    async fn a_claim_counts_as_an_attempt_when_it_is_made(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        let claim = claim_on(&set);
        assert_eq!(store.claim(&claim, MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Claimed);
        assert_eq!(state_of(store, &set).await, (WrappingKeyState::Issued, 1));
        assert_eq!(store.stale_claims(NOW, 10).await.unwrap(), []);
        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), [claim]);
    }

    async fn only_an_issued_set_within_its_time_can_be_claimed(bench: Bench) {
        let store = &bench.store;
        let issued = issued_set(store).await;
        let expired = issued_set(store).await;
        let end = issue().expires_at;
        // Over is over, whether the janitor has been there or not.
        assert_eq!(store.claim(&claim_on(&issued), MAX_ATTEMPTS, end).await.unwrap(), Claimed::Dead);
        store.expire_wrapping_keys(end, 10).await.unwrap();
        assert_eq!(store.claim(&claim_on(&expired), MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Dead);
        let ready = ready_pair(store).await;
        assert_eq!(store.claim(&claim_on(&ready), MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Dead);
        let absent = WrappingKey { id: WrappingKeyId::random(), ..ready };
        assert_eq!(store.claim(&claim_on(&absent), MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Dead);
        assert_eq!(store.claim(&claim_alone(), MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Dead);
        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), []);
    }

    async fn a_consumed_set_answers_what_it_answered(bench: Bench) {
        let (set, _) = consumed_set(&bench.store).await;
        let again = bench.store.claim(&claim_on(&set), MAX_ATTEMPTS, NOW).await.unwrap();
        assert_eq!(again, Claimed::Consumed(answer(7)));
        assert_eq!(bench.store.stale_claims(later(1), 10).await.unwrap(), []);
    }

    async fn a_released_claim_is_gone_and_its_object_doomed(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        let claim = claim_on(&set);
        store.claim(&claim, MAX_ATTEMPTS, NOW).await.unwrap();
        store.release(&claim, Leftover::Perhaps, MAX_ATTEMPTS, NOW).await.unwrap();
        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), []);
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), [claim.object]);
        assert_eq!(state_of(store, &set).await, (WrappingKeyState::Issued, 1));
    }

    async fn a_set_tried_too_often_is_dead(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        let mut objects = BTreeSet::from([set.object]);
        for _ in 0..MAX_ATTEMPTS {
            let claim = claim_on(&set);
            assert_eq!(store.claim(&claim, MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Claimed);
            store.release(&claim, Leftover::Perhaps, MAX_ATTEMPTS, NOW).await.unwrap();
            objects.insert(claim.object);
        }
        assert_eq!(state_of(store, &set).await, (WrappingKeyState::Dead, MAX_ATTEMPTS));
        assert_eq!(doomed(store).await, objects);
        assert_eq!(store.claim(&claim_on(&set), MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Dead);
    }

    async fn the_last_attempt_is_let_finish_while_earlier_ones_fail(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        let claims: Vec<_> = (0..MAX_ATTEMPTS).map(|_| claim_on(&set)).collect();
        for claim in &claims {
            assert_eq!(store.claim(claim, MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Claimed);
        }
        assert_eq!(store.claim(&claim_on(&set), MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Dead);
        let (last, earlier) = claims.split_last().unwrap();
        for claim in earlier {
            store.release(claim, Leftover::Perhaps, MAX_ATTEMPTS, NOW).await.unwrap();
        }
        assert_eq!(state_of(store, &set).await, (WrappingKeyState::Issued, MAX_ATTEMPTS));
        store.release(last, Leftover::Perhaps, MAX_ATTEMPTS, NOW).await.unwrap();
        assert_eq!(state_of(store, &set).await, (WrappingKeyState::Dead, MAX_ATTEMPTS));
    }

    async fn a_refunded_attempt_does_not_count(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        for _ in 0..=MAX_ATTEMPTS {
            let claim = claim_on(&set);
            assert_eq!(store.claim(&claim, MAX_ATTEMPTS, NOW).await.unwrap(), Claimed::Claimed);
            store.refund(&claim, Leftover::Perhaps, NOW).await.unwrap();
            assert!(doomed(store).await.contains(&claim.object));
            // Nor does it count less the second time.
            store.refund(&claim, Leftover::Perhaps, NOW).await.unwrap();
        }
        assert_eq!(state_of(store, &set).await, (WrappingKeyState::Issued, 0));
        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), []);
    }

    async fn a_claim_given_up_after_success_takes_nothing_back(bench: Bench) {
        let store = &bench.store;
        let (set, claim) = consumed_set(store).await;
        let before = store.wrapping_key(&set.id).await.unwrap();
        store.release(&claim, Leftover::Perhaps, 1, NOW).await.unwrap();
        store.refund(&claim, Leftover::Perhaps, NOW).await.unwrap();
        assert_eq!(store.wrapping_key(&set.id).await.unwrap(), before);
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), [set.object], "the material is not doomed");
    }

    async fn what_came_to_nothing_is_doomed_with_its_claim_or_without_and_what_a_record_needs_is_not(bench: Bench) {
        let store = &bench.store;
        let late = ObjectId::random();
        assert!(store.doom_unless_needed(&late, TOKEN, NOW).await.unwrap());
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), [late]);
        store.destroyed(&[late]).await.unwrap();

        let issued = issued_set(store).await;
        let mut key = recorded(store, key()).await;
        key.materials.push(material(7, Expiration::Never));
        store.save_key(&key, &[], NOW).await.unwrap();
        for needed in [issued.object, key.materials[0].object] {
            assert!(!store.doom_unless_needed(&needed, TOKEN, NOW).await.unwrap());
        }
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), []);
    }

    async fn a_claim_without_a_set_can_be_released(bench: Bench) {
        let store = &bench.store;
        let claim = claim_alone();
        store.claim_object(&claim).await.unwrap();
        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), std::slice::from_ref(&claim));
        store.release(&claim, Leftover::Perhaps, MAX_ATTEMPTS, NOW).await.unwrap();
        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), []);
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), [claim.object]);
    }
}

//! Wrapping keys, from their making to their end.

use std::collections::BTreeSet;
use std::time::Duration;

use keyferry::model::{Issue, PairKind, PairUse, WrappingKey, WrappingKeySpec, WrappingKeyState};
use keyferry::store::{Error, Taken};

use super::on_both;
use super::samples::*;

on_both! {
    async fn a_pair_is_made_then_ready_then_issued(bench: Bench) {
        let store = &bench.store;
        let made = pair();
        assert_eq!(store.wrapping_key(&made.id).await.unwrap(), None);
        store.begin_wrapping_key(&made).await.unwrap();
        assert_eq!(store.wrapping_key(&made.id).await.unwrap(), Some(made.clone()));
        assert_eq!(store.take_wrapping_key(KIND, TOKEN, &issue(), CAPS).await.unwrap(), Taken::Dry);

        store.wrapping_key_ready(&made.id, b"spki").await.unwrap();
        let ready = WrappingKey { state: WrappingKeyState::Ready, spki: b"spki".to_vec(), ..made };
        assert_eq!(store.wrapping_key(&ready.id).await.unwrap(), Some(ready.clone()));
        assert!(matches!(store.wrapping_key_ready(&ready.id, b"other").await, Err(Error::Conflict)));

        let issue = issue();
        let issued = WrappingKey { state: WrappingKeyState::Issued, issue: Some(issue.clone()), ..ready };
        let taken = store.take_wrapping_key(KIND, TOKEN, &issue, CAPS).await.unwrap();
        assert_eq!(taken, Taken::Taken(Box::new(issued.clone())));
        assert_eq!(store.wrapping_key(&issued.id).await.unwrap(), Some(issued.clone()));
        assert_eq!(store.take_wrapping_key(KIND, TOKEN, &issue, CAPS).await.unwrap(), Taken::Dry);
        assert!(matches!(store.abandon_wrapping_key(&issued.id, NOW).await, Err(Error::Conflict)));
    }

    async fn the_oldest_ready_pair_of_the_kind_is_taken(bench: Bench) {
        let store = &bench.store;
        let kinds = |pair_use, spec, token: &str, age| WrappingKey {
            kind: PairKind { spec, pair_use }, token: token.to_owned(), created_at: NOW.before(Duration::from_secs(age)), ..pair()
        };
        use PairUse::{RawDecrypt, Unwrap};
        use WrappingKeySpec::{Rsa2048, Rsa4096};
        let young = kinds(Unwrap, Rsa4096, TOKEN, 1);
        let old = kinds(Unwrap, Rsa4096, TOKEN, 2);
        let others = [
            kinds(RawDecrypt, Rsa4096, TOKEN, 3),
            kinds(Unwrap, Rsa2048, TOKEN, 3),
            kinds(Unwrap, Rsa4096, "other", 3),
        ];
        for pair in [&young, &old].into_iter().chain(&others) {
            store.begin_wrapping_key(pair).await.unwrap();
            store.wrapping_key_ready(&pair.id, b"spki").await.unwrap();
        }
        store.begin_wrapping_key(&kinds(Unwrap, Rsa4096, TOKEN, 4)).await.unwrap(); // not ready

        let issue = issue();
        for expected in [old, young] {
            let taken = store.take_wrapping_key(KIND, TOKEN, &issue, CAPS).await.unwrap();
            let spki = b"spki".to_vec();
            let issued = WrappingKey { state: WrappingKeyState::Issued, spki, issue: Some(issue.clone()), ..expected };
            assert_eq!(store.wrapping_key(&issued.id).await.unwrap(), Some(issued.clone()));
            assert_eq!(taken, Taken::Taken(Box::new(issued)));
        }
        assert_eq!(store.take_wrapping_key(KIND, TOKEN, &issue, CAPS).await.unwrap(), Taken::Dry);
    }

    async fn a_pair_that_nobody_was_given_can_be_abandoned(bench: Bench) {
        let store = &bench.store;
        let (making, ready) = (pair(), ready_pair(store).await);
        store.begin_wrapping_key(&making).await.unwrap();
        for abandoned in [&making, &ready] {
            store.abandon_wrapping_key(&abandoned.id, NOW).await.unwrap();
            assert_eq!(store.wrapping_key(&abandoned.id).await.unwrap(), None);
            assert!(matches!(store.abandon_wrapping_key(&abandoned.id, NOW).await, Err(Error::Conflict)));
        }
        assert!(matches!(store.wrapping_key_ready(&making.id, b"spki").await, Err(Error::Conflict)));
        assert_eq!(doomed(store).await, BTreeSet::from([making.object, ready.object]));
    }

    async fn a_making_grows_stale(bench: Bench) {
        let store = &bench.store;
        let made = pair();
        store.begin_wrapping_key(&made).await.unwrap();
        ready_pair(store).await;
        assert_eq!(store.stale_making(NOW, 10).await.unwrap(), []);
        assert_eq!(store.stale_making(later(1), 10).await.unwrap(), [made.id]);
        assert_eq!(store.stale_making(later(1), 0).await.unwrap(), []);
    }

    async fn an_issued_set_expires_at_its_moment(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        ready_pair(store).await;
        let (consumed, _) = consumed_set(store).await;
        let end = issue().expires_at;
        assert_eq!(store.expire_wrapping_keys(end.before(Duration::from_millis(1)), 10).await.unwrap(), 0);
        assert_eq!(store.expire_wrapping_keys(end, 10).await.unwrap(), 1);
        assert_eq!(store.expire_wrapping_keys(end, 10).await.unwrap(), 0);
        let expired = store.wrapping_key(&set.id).await.unwrap().unwrap();
        assert_eq!(expired, WrappingKey { state: WrappingKeyState::Expired, ..set.clone() });
        assert_eq!(doomed(store).await, BTreeSet::from([set.object, consumed.object]));
    }

    async fn no_more_sets_expire_at_once_than_asked(bench: Bench) {
        let store = &bench.store;
        for seconds in [30, 10, 20] {
            issued_as(store, Issue { expires_at: later(seconds), ..issue() }).await;
        }
        assert_eq!(store.expire_wrapping_keys(later(30), 2).await.unwrap(), 2);
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap().len(), 2);
        assert_eq!(store.expire_wrapping_keys(later(20), 2).await.unwrap(), 0, "the first to end went first");
        assert_eq!(store.expire_wrapping_keys(later(30), 2).await.unwrap(), 1);
    }

    async fn what_came_to_an_end_is_forgotten_after_its_time(bench: Bench) {
        let store = &bench.store;
        let (consumed, _) = consumed_set(store).await;
        let expired = issued_set(store).await;
        let end = issue().expires_at;
        store.expire_wrapping_keys(end, 10).await.unwrap();
        let (issued, ready) = (issued_set(store).await, ready_pair(store).await);
        assert_eq!(store.forget_wrapping_keys(end, 10).await.unwrap(), 0);
        let after = end.after(Duration::from_millis(1));
        assert_eq!(store.forget_wrapping_keys(after, 1).await.unwrap(), 1);
        assert_eq!(store.forget_wrapping_keys(after, 10).await.unwrap(), 1);
        for gone in [consumed, expired] {
            assert_eq!(store.wrapping_key(&gone.id).await.unwrap(), None);
        }
        for kept in [issued, ready] {
            assert!(store.wrapping_key(&kept.id).await.unwrap().is_some());
        }
    }

    async fn an_unreadable_wrapping_key_is_an_error_that_names_the_column(bench: Bench) {
        let cases = [
            ("state", "UPDATE wrapping_keys SET state = 'gone'"),
            ("attempts", "UPDATE wrapping_keys SET attempts = -1"),
            ("key_id", "UPDATE wrapping_keys SET key_id = NULL"),
            ("issued_at", "UPDATE wrapping_keys SET issued_at = NULL"),
            ("principal", "UPDATE wrapping_keys SET principal = NULL"),
            ("path", "UPDATE wrapping_keys SET path = 'sideways'"),
            ("request_digest", "UPDATE wrapping_keys SET state = 'consumed', request_digest = NULL"),
        ];
        for (column, tampering) in cases {
            let set = issued_set(&bench.store).await;
            bench.tamper(tampering).await;
            let read = bench.store.wrapping_key(&set.id).await;
            assert!(matches!(&read, Err(Error::Corrupt(what)) if what.contains(column)), "{column}: {read:?}");
            bench.tamper("DELETE FROM wrapping_keys").await;
        }
    }
}

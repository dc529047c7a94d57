//! What must hold when many do the same at once, here through two openings of one record, as replicas have them.

use std::collections::HashSet;

use keyferry::model::WrappingKeyState;
use keyferry::store::{Claimed, Error, Settled, Store, Taken};
use tokio::task::JoinSet;

use super::on_both;
use super::samples::*;

/// Runs `count` of the same at once, in turns on either of `stores`.
async fn at_once<T, F>(count: usize, stores: [&Store; 2], task: impl Fn(usize, Store) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: JoinSet<T> = (0..count).map(|n| task(n, stores[n % 2].clone())).collect();
    tasks.join_all().await
}

on_both! {
    async fn a_pair_is_taken_once_by_however_many(bench: Bench) {
        let other = Store::open(&bench.url).await.unwrap();
        for _ in 0..10 {
            ready_pair(&bench.store).await;
        }
        let taken = at_once(64, [&bench.store, &other], |_, store| async move {
            store.take_wrapping_key(KIND, TOKEN, &issue(), CAPS).await.unwrap()
        })
        .await;
        let mut ids = Vec::new();
        for taken in taken {
            match taken {
                Taken::Taken(pair) => ids.push(pair.id),
                other => assert_eq!(other, Taken::Dry),
            }
        }
        assert_eq!(ids.len(), 10);
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 10);
    }

    async fn of_many_imports_under_one_set_one_settles(bench: Bench) {
        let other = Store::open(&bench.url).await.unwrap();
        let set = issued_set(&bench.store).await;
        let key = recorded(&bench.store, key()).await;
        let outcomes = at_once(16, [&bench.store, &other], |n, store| {
            let (claim, key, seed) = (claim_on(&set), key.clone(), u8::try_from(n).unwrap());
            async move {
                match store.claim(&claim, 16, NOW).await.unwrap() {
                    Claimed::Claimed => (seed, store.settle(&claim, &key, &[], &answer(seed), NOW).await.unwrap()),
                    // Claimed too late to even begin, and told the same.
                    Claimed::Consumed(answer) => (seed, Settled::AlreadyConsumed(answer)),
                    Claimed::Dead => panic!("the set is not dead"),
                }
            }
        })
        .await;
        let winners: Vec<u8> =
            outcomes.iter().filter(|(_, outcome)| *outcome == Settled::Settled).map(|(seed, _)| *seed).collect();
        let [winner] = winners[..] else { panic!("{outcomes:?}") };
        let losers = outcomes.iter().filter(|(seed, _)| *seed != winner);
        for (_, outcome) in losers {
            assert_eq!(*outcome, Settled::AlreadyConsumed(answer(winner)));
        }
        let consumed = bench.store.wrapping_key(&set.id).await.unwrap().unwrap();
        assert_eq!((consumed.state, consumed.answer), (WrappingKeyState::Consumed, Some(answer(winner))));
        assert_eq!(bench.store.key(&key.account, &key.id).await.unwrap().unwrap().version, 1);
    }

    async fn attempts_at_once_are_all_counted(bench: Bench) {
        let other = Store::open(&bench.url).await.unwrap();
        let set = issued_set(&bench.store).await;
        let claimed = at_once(32, [&bench.store, &other], |_, store| {
            let claim = claim_on(&set);
            async move { store.claim(&claim, 16, NOW).await.unwrap() }
        })
        .await;
        assert_eq!(claimed.iter().filter(|claimed| **claimed == Claimed::Claimed).count(), 16);
        assert_eq!(claimed.iter().filter(|claimed| **claimed == Claimed::Dead).count(), 16);
        assert_eq!(bench.store.wrapping_key(&set.id).await.unwrap().unwrap().attempts, 16);
        assert_eq!(bench.store.stale_claims(later(1), 100).await.unwrap().len(), 16);
    }

    async fn of_many_saves_of_one_version_one_happens(bench: Bench) {
        let other = Store::open(&bench.url).await.unwrap();
        let key = recorded(&bench.store, full_key()).await;
        let saved = at_once(16, [&bench.store, &other], |n, store| {
            let mut key = key.clone();
            key.description = n.to_string();
            async move { store.save_key(&key, &[], NOW).await.map(|()| key.description) }
        })
        .await;
        let (done, late): (Vec<_>, Vec<_>) = saved.into_iter().partition(Result::is_ok);
        assert!(late.iter().all(|late| matches!(late, Err(Error::Conflict))), "{late:?}");
        let done: Vec<String> = done.into_iter().map(Result::unwrap).collect();
        assert_eq!(done, [bench.store.key(&key.account, &key.id).await.unwrap().unwrap().description]);
    }

    async fn of_many_installations_one_is_recorded(bench: Bench) {
        let other = Store::open(&bench.url).await.unwrap();
        let installed = at_once(16, [&bench.store, &other], |_, store| async move {
            let id = installation();
            store.install(id).await.map(|()| id)
        })
        .await;
        let (done, late): (Vec<_>, Vec<_>) = installed.into_iter().partition(Result::is_ok);
        assert!(late.iter().all(|late| matches!(late, Err(Error::Conflict))), "{late:?}");
        let done: Vec<_> = done.into_iter().map(|id| Some(id.unwrap())).collect();
        assert_eq!(done, [bench.store.installation().await.unwrap()]);
    }
}

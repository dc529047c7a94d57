//! Access keys: as they were made, ended once and for good, and replaced by one at a time.

use keyferry::model::{AccessKey, AccessKeyId};
use keyferry::store::Error;

use super::on_both;
use super::samples::*;

fn access_key(seconds: u64) -> AccessKey {
    AccessKey {
        id: AccessKeyId::random(),
        principal: "spiffe://example.org/importer".to_owned(),
        created_at: later(seconds),
        ends_at: None,
        generation: 1,
    }
}

on_both! {
    async fn a_key_comes_back_as_it_was_made_and_is_made_once(bench: Bench) {
        let store = &bench.store;
        let (first, second) = (access_key(1), AccessKey { ends_at: Some(later(60)), generation: 7, ..access_key(0) });
        assert!(store.access_keys().await.unwrap().is_empty());
        for key in [&first, &second] {
            store.insert_access_key(key).await.unwrap();
            assert_eq!(store.access_key(&key.id).await.unwrap().as_ref(), Some(key));
            assert!(matches!(store.insert_access_key(key).await, Err(Error::Conflict)));
        }
        assert_eq!(store.access_keys().await.unwrap(), [second, first], "the oldest first");
        assert_eq!(store.access_key(&AccessKeyId::random()).await.unwrap(), None);
    }

    async fn what_has_ended_ends_no_later(bench: Bench) {
        let store = &bench.store;
        let key = access_key(0);
        store.insert_access_key(&key).await.unwrap();
        let ends = async |seconds| {
            assert!(store.end_access_key(&key.id, later(seconds)).await.unwrap());
            store.access_key(&key.id).await.unwrap().unwrap().ends_at
        };
        assert_eq!(ends(60).await, Some(later(60)));
        assert_eq!(ends(120).await, Some(later(60)), "not later");
        assert_eq!(ends(30).await, Some(later(30)), "but earlier");
        assert!(!store.end_access_key(&AccessKeyId::random(), NOW).await.unwrap(), "there is none");
    }

    async fn a_key_is_replaced_once_and_wholly(bench: Bench) {
        let store = &bench.store;
        let (old, new, third) = (access_key(0), access_key(1), access_key(2));
        store.insert_access_key(&old).await.unwrap();
        let taken = store.replace_access_key(&old.id, later(60), &old).await;
        assert!(matches!(taken, Err(Error::Conflict)), "its id is taken");
        assert_eq!(store.access_key(&old.id).await.unwrap().unwrap().ends_at, None, "and nothing has changed");
        store.replace_access_key(&old.id, later(60), &new).await.unwrap();
        let ending = AccessKey { ends_at: Some(later(60)), ..old.clone() };
        assert_eq!(store.access_keys().await.unwrap(), [ending, new]);
        let again = store.replace_access_key(&old.id, later(90), &third).await;
        assert!(matches!(again, Err(Error::Conflict)));
        let absent = store.replace_access_key(&AccessKeyId::random(), NOW, &third).await;
        assert!(matches!(absent, Err(Error::Conflict)));
        assert_eq!(store.access_key(&third.id).await.unwrap(), None);
    }

    async fn of_two_who_replace_a_key_one_does(bench: Bench) {
        let store = &bench.store;
        let (old, one, other) = (access_key(0), access_key(1), access_key(1));
        store.insert_access_key(&old).await.unwrap();
        let both = tokio::join!(
            store.replace_access_key(&old.id, later(60), &one),
            store.replace_access_key(&old.id, later(60), &other)
        );
        assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
        assert_eq!(store.access_keys().await.unwrap().len(), 2);
    }

    async fn a_record_that_nobody_wrote_is_not_believed(bench: Bench) {
        let key = access_key(0);
        bench.store.insert_access_key(&key).await.unwrap();
        bench.tamper("UPDATE access_keys SET id = 'AKIA'").await;
        assert!(matches!(bench.store.access_keys().await, Err(Error::Corrupt(_))));
    }
}

//! Several tokens under one record: each is counted and swept by itself.

use keyferry::model::{Claim, Key, ObjectId};
use keyferry::store::Leftover;

use super::on_both;
use super::samples::*;

const OTHER: &str = "0ddba11";

on_both! {
    async fn what_is_in_one_token_is_counted_expected_and_doomed_in_no_other(bench: Bench) {
        let store = &bench.store;
        let there = Key { token: OTHER.to_owned(), ..full_key() };
        let object = there.materials[1].object;
        let there = recorded(store, there).await;
        let claim = Claim { token: OTHER.to_owned(), ..claim_alone() };
        store.claim_object(&claim).await.unwrap();
        recorded(store, full_key()).await;
        assert_eq!((store.live_objects(TOKEN).await.unwrap(), store.live_objects(OTHER).await.unwrap()), (1, 2));
        recorded(store, Key { token: OTHER.to_owned(), ..key() }).await;
        assert_eq!(store.keys_without_material(OTHER).await.unwrap(), 1);
        assert_eq!(store.keys_without_material(TOKEN).await.unwrap(), 0);
        assert_eq!(store.expected_objects(OTHER, None, 10).await.unwrap(), [object]);
        assert_eq!(store.expected_objects(TOKEN, None, 10).await.unwrap().len(), 1);

        assert_eq!(store.stale_claims(later(1), 10).await.unwrap(), std::slice::from_ref(&claim));
        store.release(&claim, Leftover::Perhaps, MAX_ATTEMPTS, NOW).await.unwrap();
        store.remove_key(&there, &[object], NOW).await.unwrap();
        let mut doomed = [claim.object, object];
        doomed.sort();
        assert_eq!(store.doomed(OTHER, None, 10).await.unwrap(), doomed);
        assert_eq!(store.doomed(TOKEN, None, 10).await.unwrap(), []);
        assert_eq!((store.live_objects(TOKEN).await.unwrap(), store.live_objects(OTHER).await.unwrap()), (1, 2));
    }

    async fn what_is_not_said_where_it_is_counts_everywhere_until_it_is(bench: Bench) {
        let store = &bench.store;
        let late = ObjectId::random();
        store.doom_unless_needed(&late, "", NOW).await.unwrap();
        assert_eq!((store.live_objects(TOKEN).await.unwrap(), store.live_objects(OTHER).await.unwrap()), (1, 1));
        assert_eq!(store.doomed("", None, 10).await.unwrap(), [late]);
        store.doomed_in(&late, OTHER).await.unwrap();
        store.doomed_in(&late, TOKEN).await.unwrap();
        assert_eq!(store.doomed(OTHER, None, 10).await.unwrap(), [late], "once it is said, it is");
        assert_eq!(store.live_objects(TOKEN).await.unwrap(), 0);
    }

    async fn a_second_token_ends_the_service_of_programs_that_know_one_only(bench: Bench) {
        let store = &bench.store;
        store.serve_with(&[TOKEN], NOW).await.unwrap();
        store.serve_with(&[TOKEN], later(1)).await.unwrap();
        bench.tamper("UPDATE schema_versions SET version = version WHERE oldest = 5").await;
        store.serve_with(&[TOKEN, OTHER], later(2)).await.unwrap();
        bench.tamper("UPDATE schema_versions SET version = version WHERE oldest = 7").await;
        assert_eq!(store.tokens().await.unwrap(), [OTHER, TOKEN]);
        store.require_served().await.unwrap();
    }
}

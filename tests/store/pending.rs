//! Imports that wait: one for a set, as they came, and no longer than the set.

use keyferry::model::key::Arrival;
use keyferry::model::{Expiration, ImportType, KeyMaterialId, PendingImport, RequestDigest, WrappingKey};
use keyferry::store::Held;

use super::on_both;
use super::samples::*;

/// An import under this set with every field filled.
fn import(set: &WrappingKey, seed: u8) -> PendingImport {
    let issue = set.issue.clone().unwrap();
    PendingImport {
        wrapping_key: set.id,
        digest: RequestDigest([seed; 32]),
        key: issue.key,
        account: issue.account,
        principal: "spiffe://example.org/importer".to_owned(),
        requested_at: later(u64::from(seed)),
        expires_at: issue.expires_at,
        algorithm: issue.algorithm,
        path: issue.path,
        import_token: vec![seed; 200],
        ciphertext: vec![0, seed, 255],
        arrival: Arrival {
            import_type: Some(ImportType::Existing),
            material_id: Some(KeyMaterialId([seed; 32])),
            description: Some("für später".to_owned()),
            expiration: Expiration::At(later(86_400)),
        },
    }
}

on_both! {
    async fn what_waits_comes_back_as_it_came(bench: Bench) {
        let store = &bench.store;
        let full = import(&issued_set(store).await, 1);
        let arrival = Arrival { import_type: None, material_id: None, description: None, expiration: Expiration::Never };
        let bare = PendingImport { arrival, ..import(&issued_set(store).await, 2) };
        for pending in [&full, &bare] {
            assert_eq!(store.hold_import(pending).await.unwrap(), Held::Held);
            assert!(store.pending_import(&account(), &pending.digest, NOW).await.unwrap().as_ref() == Some(pending));
        }
        assert!(store.pending_imports(&account(), NOW, None, 10).await.unwrap() == [full.clone(), bare.clone()]);
        let after = Some((full.requested_at, full.wrapping_key));
        assert!(store.pending_imports(&account(), NOW, after, 10).await.unwrap() == [bare.clone()]);
        assert!(store.pending_imports(&account(), NOW, None, 1).await.unwrap() == [full.clone()]);
        let other = keyferry::model::Account::parse("444455556666").unwrap();
        assert!(store.pending_import(&other, &full.digest, NOW).await.unwrap().is_none(), "another account's is not there");
        assert!(store.pending_imports(&other, NOW, None, 10).await.unwrap().is_empty());
    }

    async fn one_waits_for_a_set_and_again_is_the_same(bench: Bench) {
        let store = &bench.store;
        let set = issued_set(store).await;
        assert_eq!(store.hold_import(&import(&set, 1)).await.unwrap(), Held::Held);
        assert_eq!(store.hold_import(&import(&set, 1)).await.unwrap(), Held::Held);
        assert_eq!(store.hold_import(&import(&set, 2)).await.unwrap(), Held::Occupied);
        assert!(!store.take_pending_import(&import(&set, 2)).await.unwrap(), "another's is left alone");
        assert!(store.take_pending_import(&import(&set, 1)).await.unwrap());
        assert!(!store.take_pending_import(&import(&set, 1)).await.unwrap(), "once");
        assert_eq!(store.hold_import(&import(&set, 2)).await.unwrap(), Held::Held);
    }

    async fn what_can_happen_no_more_does_not_wait_and_is_forgotten(bench: Bench) {
        let store = &bench.store;
        let (waiting, used) = (import(&issued_set(store).await, 1), import(&consumed_set(store).await.0, 2));
        let used = PendingImport { wrapping_key: used.wrapping_key, ..used };
        for pending in [&waiting, &used] {
            store.hold_import(pending).await.unwrap();
        }
        assert!(store.pending_import(&account(), &used.digest, NOW).await.unwrap().is_none(), "its set is used");
        let end = waiting.expires_at;
        assert!(store.pending_import(&account(), &waiting.digest, end).await.unwrap().is_none(), "its set is over");
        store.forget_pending_imports_of_ended_sets(NOW).await.unwrap();
        assert!(store.pending_imports(&account(), NOW, None, 10).await.unwrap() == [waiting.clone()]);
        store.forget_pending_imports_of_ended_sets(end).await.unwrap();
        assert_eq!(store.hold_import(&waiting).await.unwrap(), Held::Held, "forgotten, and so not occupied");
    }
}

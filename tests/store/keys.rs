//! Keys and their materials.

use keyferry::model::key::Deletion;
use keyferry::model::{Account, Expiration, Key, KeyId, Material, MaterialPresence, ObjectId};
use keyferry::store::Error;

use super::on_both;
use super::samples::*;

on_both! {
    async fn a_key_reads_as_it_was_written(bench: Bench) {
        for key in [key(), full_key(), Key { id: KeyId::random(true), ..full_key() }] {
            bench.store.insert_key(&Key { version: 77, ..key.clone() }, None).await.unwrap();
            assert_eq!(bench.store.key(&key.account, &key.id).await.unwrap(), Some(key));
        }
    }

    async fn another_accounts_key_is_not_there(bench: Bench) {
        let key = recorded(&bench.store, key()).await;
        let other = Account::parse("999999999999").unwrap();
        assert_eq!(bench.store.key(&other, &key.id).await.unwrap(), None);
        assert_eq!(bench.store.list_keys(&other, None, 10).await.unwrap(), []);
        let stolen = Key { account: other, ..key };
        assert!(matches!(bench.store.save_key(&stolen, &[], NOW).await, Err(Error::Conflict)));
        assert!(matches!(bench.store.remove_key(&stolen, &[], NOW).await, Err(Error::Conflict)));
    }

    async fn pages_of_keys_are_in_order_and_complete(bench: Bench) {
        let mut ids = Vec::new();
        for n in 0..7 {
            let key = Key { id: KeyId::random(n % 2 == 0), ..key() };
            ids.push(recorded(&bench.store, key).await.id);
        }
        // Digits, hyphens and letters in the order of bytes, on either database.
        ids.sort();
        let mut seen: Vec<KeyId> = Vec::new();
        loop {
            let page = bench.store.list_keys(&account(), seen.last(), 3).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= 3);
            seen.extend(page);
        }
        assert_eq!(seen, ids);
    }

    async fn a_save_counts_up_and_replaces_the_materials(bench: Bench) {
        let mut key = recorded(&bench.store, full_key()).await;
        let gone = key.materials.remove(0);
        key.materials.push(Material { description: "new".to_owned(), ..material(9, Expiration::At(later(5))) });
        key.description = "other words".to_owned();
        key.tags.insert("cost".to_owned(), "5".to_owned());
        key.policy = None;
        key.enabled = false;
        key.deletion = None;
        bench.store.save_key(&key, &[gone.object], NOW).await.unwrap();
        assert_eq!(bench.store.key(&key.account, &key.id).await.unwrap(), Some(Key { version: 1, ..key }));
        assert_eq!(bench.store.doomed(TOKEN, None, 10).await.unwrap(), [gone.object]);
    }

    async fn a_save_of_a_stale_version_changes_nothing(bench: Bench) {
        let key = recorded(&bench.store, full_key()).await;
        bench.store.save_key(&key, &[], NOW).await.unwrap();
        let before = bench.store.key(&key.account, &key.id).await.unwrap();
        let late = Key { description: "too late".to_owned(), materials: Vec::new(), ..key };
        assert!(matches!(bench.store.save_key(&late, &[ObjectId::random()], NOW).await, Err(Error::Conflict)));
        assert!(matches!(bench.store.remove_key(&late, &[ObjectId::random()], NOW).await, Err(Error::Conflict)));
        assert_eq!(bench.store.key(&late.account, &late.id).await.unwrap(), before);
        assert_eq!(bench.store.doomed(TOKEN, None, 10).await.unwrap(), []);
    }

    async fn a_removed_key_is_gone_with_its_materials(bench: Bench) {
        let key = recorded(&bench.store, full_key()).await;
        let objects: Vec<ObjectId> = key.materials.iter().map(|material| material.object).collect();
        bench.store.remove_key(&key, &objects, NOW).await.unwrap();
        assert_eq!(bench.store.key(&key.account, &key.id).await.unwrap(), None);
        assert_eq!(bench.store.expected_objects(TOKEN, None, 10).await.unwrap(), []);
        assert_eq!(doomed(&bench.store).await, objects.into_iter().collect());
        assert!(matches!(bench.store.save_key(&key, &[], NOW).await, Err(Error::Conflict)));
    }

    async fn a_key_made_in_the_token_settles_its_claim_or_is_not_recorded(bench: Bench) {
        let (claim, key) = (claim_alone(), full_key());
        bench.store.claim_object(&claim).await.unwrap();
        bench.store.insert_key(&key, Some(claim.object)).await.unwrap();
        assert_eq!(bench.store.stale_claims(later(1), 10).await.unwrap(), []);

        let late = full_key();
        assert!(matches!(bench.store.insert_key(&late, Some(claim.object)).await, Err(Error::Conflict)));
        assert_eq!(bench.store.key(&late.account, &late.id).await.unwrap(), None);
    }

    async fn keys_come_due_at_their_moment(bench: Bench) {
        let due = |at| Some(Deletion { at: Some(at), window_in_days: 7 });
        let second = recorded(&bench.store, Key { deletion: due(later(20)), ..key() }).await;
        let first = recorded(&bench.store, Key { deletion: due(later(10)), ..key() }).await;
        recorded(&bench.store, key()).await;
        let names = |keys: &[&Key]| keys.iter().map(|key| (key.account.clone(), key.id.clone())).collect::<Vec<_>>();
        let store = &bench.store;
        assert_eq!(store.keys_due_for_deletion(later(9), 10).await.unwrap(), []);
        assert_eq!(store.keys_due_for_deletion(later(10), 10).await.unwrap(), names(&[&first]));
        assert_eq!(store.keys_due_for_deletion(later(99), 10).await.unwrap(), names(&[&first, &second]));
        assert_eq!(store.keys_due_for_deletion(later(99), 1).await.unwrap(), names(&[&first]));
    }

    async fn material_is_over_at_its_moment_and_only_while_it_is_there(bench: Bench) {
        let at = |seconds| Expiration::At(later(seconds));
        let ends = |materials| Key { materials, ..key() };
        let second = recorded(&bench.store, ends(vec![material(1, at(20)), material(2, Expiration::Never)])).await;
        let first = recorded(&bench.store, ends(vec![material(1, at(10)), material(2, at(10))])).await;
        recorded(&bench.store, ends(vec![Material { presence: MaterialPresence::Deleted, ..material(1, at(5)) }])).await;
        let names = |keys: &[&Key]| keys.iter().map(|key| (key.account.clone(), key.id.clone())).collect::<Vec<_>>();
        let store = &bench.store;
        assert_eq!(store.keys_with_expired_material(later(9), 10).await.unwrap(), []);
        assert_eq!(store.keys_with_expired_material(later(10), 10).await.unwrap(), names(&[&first]));
        assert_eq!(store.keys_with_expired_material(later(20), 10).await.unwrap(), names(&[&first, &second]));

        let mut key = first;
        let over = key.expire_material(later(10));
        store.save_key(&key, &over, later(10)).await.unwrap();
        assert_eq!(store.keys_with_expired_material(later(20), 10).await.unwrap(), names(&[&second]));
    }

    async fn an_unreadable_key_is_an_error_that_names_the_column(bench: Bench) {
        let bytes = if bench.store.kind() == "sqlite" { "x'00'" } else { r"'\x00'" };
        let cases = [
            ("spec", "UPDATE keys SET spec = 'NONSENSE'".to_owned()),
            ("deletion_window_days", "UPDATE keys SET deletion_window_days = -1".to_owned()),
            ("deletion_window_days", "UPDATE keys SET deletion_window_days = NULL".to_owned()),
            ("material_id", format!("UPDATE materials SET id = {bytes}")),
            ("kcv", format!("UPDATE materials SET kcv = {bytes}")),
            ("presence", "UPDATE materials SET presence = ''".to_owned()),
        ];
        for (column, tampering) in cases {
            let key = recorded(&bench.store, full_key()).await;
            bench.tamper(&tampering).await;
            let read = bench.store.key(&key.account, &key.id).await;
            assert!(matches!(&read, Err(Error::Corrupt(what)) if what.contains(column)), "{column}: {read:?}");
            bench.tamper("DELETE FROM keys").await;
        }
    }
}

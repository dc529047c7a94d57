//! Aliases: each of one key, and gone with it.

use keyferry::model::key::Deletion;
use keyferry::model::{Account, Alias, AliasName, Key, KeyId};
use keyferry::store::{Error, Pointed, Store};

use super::on_both;
use super::samples::*;

fn alias(name: &str, of: &Key) -> Alias {
    let name = AliasName::find(name).unwrap();
    Alias { account: of.account.clone(), name, key: of.id.clone(), created_at: NOW, updated_at: NOW }
}

async fn names(store: &Store, of: Option<&KeyId>) -> Vec<String> {
    let all = store.list_aliases(&account(), of, None, 1000).await.unwrap();
    all.into_iter().map(|alias| alias.name.to_string()).collect()
}

on_both! {
    async fn an_alias_reads_as_it_was_written_and_is_its_accounts(bench: Bench) {
        let key = recorded(&bench.store, key()).await;
        let alias = alias("alias/a:b", &key);
        assert_eq!(bench.store.create_alias(&alias, 50).await.unwrap(), Pointed::Pointed);
        assert_eq!(bench.store.alias(&alias.account, &alias.name).await.unwrap(), Some(alias.clone()));
        let other = Account::parse("999999999999").unwrap();
        assert_eq!(bench.store.alias(&other, &alias.name).await.unwrap(), None);
        assert_eq!(bench.store.list_aliases(&other, None, None, 10).await.unwrap(), []);
        // Nor can the other account's alias be of this account's key.
        let stolen = Alias { account: other, ..alias };
        assert!(matches!(bench.store.create_alias(&stolen, 50).await, Err(Error::Conflict)));
    }

    async fn a_name_is_taken_once(bench: Bench) {
        let (first, second) = (recorded(&bench.store, key()).await, recorded(&bench.store, key()).await);
        let race = [&first, &second].map(|key| (bench.store.clone(), alias("alias/a", key)));
        let race = race.map(|(store, alias)| tokio::spawn(async move { store.create_alias(&alias, 50).await.unwrap() }));
        let mut outcomes = Vec::new();
        for racer in race {
            outcomes.push(racer.await.unwrap());
        }
        outcomes.sort_by_key(|outcome| *outcome == Pointed::Taken);
        assert_eq!(outcomes, [Pointed::Pointed, Pointed::Taken]);
    }

    async fn an_alias_is_given_on_by_who_knows_whose_it_is(bench: Bench) {
        let (first, second) = (recorded(&bench.store, key()).await, recorded(&bench.store, key()).await);
        let alias = alias("alias/a", &first);
        bench.store.create_alias(&alias, 50).await.unwrap();
        assert_eq!(bench.store.update_alias(&alias, &second.id, 50, later(1)).await.unwrap(), Pointed::Pointed);
        let moved = Alias { key: second.id.clone(), updated_at: later(1), ..alias.clone() };
        assert_eq!(bench.store.alias(&alias.account, &alias.name).await.unwrap(), Some(moved.clone()));
        assert!(matches!(bench.store.update_alias(&alias, &second.id, 50, later(2)).await, Err(Error::Conflict)));
        assert!(matches!(bench.store.delete_alias(&alias).await, Err(Error::Conflict)));
        bench.store.delete_alias(&moved).await.unwrap();
        assert_eq!(bench.store.alias(&alias.account, &alias.name).await.unwrap(), None);
    }

    async fn no_key_has_more_than_it_may_nor_any_when_it_goes(bench: Bench) {
        let full = recorded(&bench.store, key()).await;
        let other = recorded(&bench.store, key()).await;
        let going = Key { deletion: Some(Deletion { at: Some(later(1)), window_in_days: 7 }), ..key() };
        let going = recorded(&bench.store, going).await;
        for name in ["alias/a", "alias/b"] {
            assert_eq!(bench.store.create_alias(&alias(name, &full), 2).await.unwrap(), Pointed::Pointed);
        }
        assert_eq!(bench.store.create_alias(&alias("alias/c", &full), 2).await.unwrap(), Pointed::TooMany);
        let others = alias("alias/d", &other);
        bench.store.create_alias(&others, 2).await.unwrap();
        assert_eq!(bench.store.update_alias(&others, &full.id, 2, NOW).await.unwrap(), Pointed::TooMany);
        assert!(matches!(bench.store.update_alias(&others, &going.id, 2, NOW).await, Err(Error::Conflict)));
        assert!(matches!(bench.store.create_alias(&alias("alias/e", &going), 2).await, Err(Error::Conflict)));
        assert!(matches!(bench.store.create_alias(&alias("alias/e", &key()), 2).await, Err(Error::Conflict)));
        assert_eq!(names(&bench.store, None).await, ["alias/a", "alias/b", "alias/d"]);
    }

    async fn pages_of_aliases_are_in_the_order_of_bytes(bench: Bench) {
        let (key, other) = (recorded(&bench.store, key()).await, recorded(&bench.store, key()).await);
        let sorted = ["alias/-", "alias/1", "alias/B", "alias/_", "alias/a"];
        for (n, name) in ["alias/a", "alias/_", "alias/B", "alias/-", "alias/1"].into_iter().enumerate() {
            let of = if n % 2 == 0 { &key } else { &other };
            bench.store.create_alias(&alias(name, of), 50).await.unwrap();
        }
        assert_eq!(names(&bench.store, None).await, sorted);
        assert_eq!(names(&bench.store, Some(&other.id)).await, ["alias/-", "alias/_"]);
        let page = bench.store.list_aliases(&account(), None, Some("alias/1"), 2).await.unwrap();
        assert_eq!(page.iter().map(|alias| alias.name.as_str()).collect::<Vec<_>>(), ["alias/B", "alias/_"]);
        // A key takes its names along, and no others.
        bench.store.remove_key(&key, &[], NOW).await.unwrap();
        assert_eq!(names(&bench.store, None).await, ["alias/-", "alias/_"]);
    }
}

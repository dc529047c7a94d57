//! Aliases: names that are given to keys, passed on and taken away.

use keyferry::service::{AliasTarget, CreateKey, Error, Kind, ListAliases, ScheduleKeyDeletion};

use super::{assert_refused, created, described, doomed_key, external_key};
use crate::harness::service::{House, call, start};

const ARN: &str = "arn:aws:kms:us-east-1:111122223333:alias";

fn target(alias_name: &str, target_key_id: &str) -> AliasTarget {
    AliasTarget { alias_name: alias_name.to_owned(), target_key_id: target_key_id.to_owned() }
}

async fn create(house: &House, name: &str, key_id: &str) -> Result<(), Error> {
    house.service.create_alias(&call(), target(name, key_id)).await
}

async fn update(house: &House, name: &str, key_id: &str) -> Result<(), Error> {
    house.service.update_alias(&call(), target(name, key_id)).await
}

async fn delete(house: &House, name: &str) -> Result<(), Error> {
    house.service.delete_alias(&call(), name.to_owned()).await
}

/// The names of an account's aliases, or of a key's.
async fn names(house: &House, key_id: Option<&str>) -> Vec<String> {
    let request = ListAliases { key_id: key_id.map(str::to_owned), limit: Some(100), marker: None };
    let page = house.service.list_aliases(&call(), request).await.unwrap();
    page.aliases.into_iter().map(|alias| alias.name).collect()
}

#[tokio::test]
async fn a_key_goes_by_its_alias_until_that_is_anothers() {
    let house = start("aliases").await;
    let (first, second) = (external_key(&house).await, external_key(&house).await);
    create(&house, "alias/billing", first.arn.as_str()).await.unwrap();
    for text in ["alias/billing", &format!("{ARN}/billing")] {
        assert_eq!(described(&house, text).await.key.id, first.key.id);
    }
    house.clock.advance(std::time::Duration::from_secs(1));
    update(&house, "alias/billing", second.key.id.as_str()).await.unwrap();
    assert_eq!(described(&house, "alias/billing").await.key.id, second.key.id);
    let request = ListAliases { key_id: Some(second.arn.to_string()), ..ListAliases::default() };
    let shown = house.service.list_aliases(&call(), request).await.unwrap().aliases.remove(0);
    assert_eq!((shown.name.as_str(), shown.arn, shown.target), ("alias/billing", format!("{ARN}/billing"), second.key.id));
    assert_eq!(shown.updated_at.since(shown.created_at), std::time::Duration::from_secs(1));
    assert_eq!(names(&house, Some(first.arn.as_str())).await, [""; 0]);

    delete(&house, "alias/billing").await.unwrap();
    let gone = format!("Alias {ARN}/billing is not found.");
    assert_refused(house.service.describe_key(&call(), "alias/billing".to_owned()).await, Kind::NotFound, &gone);
    assert_refused(delete(&house, "alias/billing").await, Kind::NotFound, &gone);
    assert_refused(update(&house, "alias/billing", first.arn.as_str()).await, Kind::NotFound, &gone);
    let foreign = "arn:aws:kms:us-east-1:999999999999:alias/billing";
    let message = format!("Alias {foreign} is not found.");
    assert_refused(house.service.describe_key(&call(), foreign.to_owned()).await, Kind::NotFound, &message);
}

#[tokio::test]
async fn operations_that_change_keys_take_no_alias() {
    let house = start("no alias").await;
    let key = external_key(&house).await;
    create(&house, "alias/a", key.arn.as_str()).await.unwrap();
    let message = "Invalid keyId 'alias/a'";
    assert_refused(house.service.disable_key(&call(), "alias/a".to_owned()).await, Kind::NotFound, message);
    assert_refused(create(&house, "alias/b", "alias/a").await, Kind::NotFound, message);
    let arn = format!("{ARN}/a");
    let refused = house.service.disable_key(&call(), arn.clone()).await;
    assert_refused(refused, Kind::InvalidArn, &format!("Invalid arn {arn}"));
}

#[tokio::test]
async fn a_name_is_given_once_and_only_to_a_key_that_stays() {
    let house = start("taken").await;
    let (key, doomed) = (external_key(&house).await.arn, doomed_key(&house).await.arn);
    create(&house, "alias/a", key.as_str()).await.unwrap();
    let taken = format!("An alias with the name {ARN}/a already exists");
    assert_refused(create(&house, "alias/a", key.as_str()).await, Kind::AlreadyExists, &taken);
    let pending = format!("{doomed} is pending deletion.");
    assert_refused(create(&house, "alias/b", doomed.as_str()).await, Kind::InvalidState, &pending);
    assert_refused(update(&house, "alias/a", doomed.as_str()).await, Kind::InvalidState, &pending);
    let prefix = "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
    assert_refused(create(&house, "a", key.as_str()).await, Kind::Validation, prefix);
    let absent = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let message = format!("Key '{absent}' does not exist");
    assert_refused(create(&house, "alias/b", absent).await, Kind::NotFound, &message);

    // The name of a key that waits for its end can be given to one that stays, and taken from it.
    let schedule = ScheduleKeyDeletion { key_id: key.to_string(), pending_window_in_days: None };
    house.service.schedule_key_deletion(&call(), schedule).await.unwrap();
    assert_eq!(names(&house, Some(key.as_str())).await, ["alias/a"]);
    let other = external_key(&house).await.arn;
    update(&house, "alias/a", other.as_str()).await.unwrap();
    assert_eq!(names(&house, Some(other.as_str())).await, ["alias/a"]);
}

#[tokio::test]
async fn an_alias_stays_with_keys_that_are_alike() {
    let house = start("alike-aliases").await;
    let key = async |spec: &str, usage: &str| {
        let (key_spec, key_usage) = (Some(spec.to_owned()), Some(usage.to_owned()));
        let request = CreateKey { origin: Some("EXTERNAL".to_owned()), key_spec, key_usage, ..CreateKey::default() };
        created(&house, request).await.arn.to_string()
    };
    let rsa = key("RSA_2048", "ENCRYPT_DECRYPT").await;
    create(&house, "alias/a", &rsa).await.unwrap();
    for (spec, usage) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
        ("RSA_2048", "SIGN_VERIFY"),
        ("ECC_NIST_P256", "KEY_AGREEMENT"),
    ] {
        let refused = update(&house, "alias/a", &key(spec, usage).await).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Validation, "{spec} {usage}");
        assert!(refused.to_string().contains(&format!("{usage} of spec {spec}")), "{refused}");
    }
    update(&house, "alias/a", &key("RSA_4096", "ENCRYPT_DECRYPT").await).await.unwrap();
}

#[tokio::test]
async fn fifty_aliases_are_as_many_as_a_key_has_and_they_come_in_pages() {
    let house = start("fifty aliases").await;
    let (key, other) = (external_key(&house).await.arn, external_key(&house).await.arn);
    let all: Vec<String> = (0..50).map(|n| format!("alias/{n:02}")).collect();
    for name in &all {
        create(&house, name, key.as_str()).await.unwrap();
    }
    create(&house, "alias/other", other.as_str()).await.unwrap();
    let full = format!("{key} has as many aliases as a key may have: delete one that is not needed.");
    assert_refused(create(&house, "alias/more", key.as_str()).await, Kind::LimitExceeded, &full);
    assert_refused(update(&house, "alias/other", key.as_str()).await, Kind::LimitExceeded, &full);
    update(&house, "alias/00", key.as_str()).await.unwrap();

    let (mut seen, mut marker) = (Vec::new(), None);
    loop {
        let request = ListAliases { key_id: Some(key.to_string()), limit: Some(20), marker };
        let page = house.service.list_aliases(&call(), request).await.unwrap();
        seen.extend(page.aliases.into_iter().map(|alias| alias.name));
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, all);
    let usual = house.service.list_aliases(&call(), ListAliases::default()).await.unwrap();
    assert_eq!((usual.aliases.len(), usual.next_marker.is_some()), (50, true));
    let above = ListAliases { limit: Some(101), ..ListAliases::default() };
    assert_eq!(house.service.list_aliases(&call(), above).await.unwrap_err().kind(), Kind::Validation);
}

#[tokio::test]
async fn a_deleted_keys_aliases_go_with_it() {
    let house = start("gone aliases").await;
    let (key, other) = (external_key(&house).await.arn, external_key(&house).await.arn);
    create(&house, "alias/a", key.as_str()).await.unwrap();
    create(&house, "alias/b", other.as_str()).await.unwrap();
    let schedule = ScheduleKeyDeletion { key_id: key.to_string(), pending_window_in_days: Some(7) };
    house.service.schedule_key_deletion(&call(), schedule).await.unwrap();
    house.clock.advance(std::time::Duration::from_secs(7 * 86_400));
    house.service.tidy().await.unwrap();
    assert_eq!(names(&house, None).await, ["alias/b"]);
    create(&house, "alias/a", other.as_str()).await.unwrap();
}

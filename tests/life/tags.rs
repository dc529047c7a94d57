//! Tags are given to a key and taken from it while it is there.

use keyferry::service::{Kind, ListOfKey, TagResource, UntagResource};

use super::{assert_refused, doomed_key, external_key};
use crate::harness::service::{House, call, start};

type Pairs = Vec<(String, String)>;

fn pairs(given: &[(&str, &str)]) -> Pairs {
    given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn tag(key_id: &str, tags: Pairs) -> TagResource {
    TagResource { key_id: key_id.to_owned(), tags }
}

async fn tags_of(house: &House, key_id: &str) -> Pairs {
    let request = ListOfKey { key_id: key_id.to_owned(), ..ListOfKey::default() };
    house.service.list_resource_tags(&call(), request).await.unwrap().tags
}

#[tokio::test]
async fn tags_are_merged_replaced_and_taken_away() {
    let house = start("tags").await;
    let key = external_key(&house).await.arn.to_string();
    assert_eq!(tags_of(&house, &key).await, []);
    house.service.tag_resource(&call(), tag(&key, pairs(&[("team", "red"), ("Ä", "")]))).await.unwrap();
    house.service.tag_resource(&call(), tag(&key, pairs(&[("team", "blue"), ("cost", "5")]))).await.unwrap();
    assert_eq!(tags_of(&house, &key).await, pairs(&[("cost", "5"), ("team", "blue"), ("Ä", "")]));
    let tag_keys = ["team", "never there"].map(str::to_owned).into();
    house.service.untag_resource(&call(), UntagResource { key_id: key.clone(), tag_keys }).await.unwrap();
    assert_eq!(tags_of(&house, &key).await, pairs(&[("cost", "5"), ("Ä", "")]));
}

#[tokio::test]
async fn fifty_tags_are_as_many_as_a_key_has_and_they_come_in_pages() {
    let house = start("fifty tags").await;
    let key = external_key(&house).await.arn.to_string();
    let numbered = |range: std::ops::Range<i32>| range.map(|n| (format!("{n:02}"), n.to_string())).collect::<Pairs>();
    for part in [0..30, 30..50, 20..30] {
        house.service.tag_resource(&call(), tag(&key, numbered(part))).await.unwrap();
    }
    let one_more = house.service.tag_resource(&call(), tag(&key, numbered(50..51))).await;
    assert_refused(one_more, Kind::Tag, "Too many tags");
    let (mut seen, mut marker) = (Pairs::new(), None);
    loop {
        let request = ListOfKey { key_id: key.clone(), limit: Some(20), marker };
        let page = house.service.list_resource_tags(&call(), request).await.unwrap();
        seen.extend(page.tags);
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, numbered(0..50));
    assert_eq!(tags_of(&house, &key).await, numbered(0..50));
}

#[tokio::test]
async fn a_key_that_waits_for_its_end_shows_its_tags_and_keeps_them() {
    let house = start("doomed tags").await;
    let key = doomed_key(&house).await.arn.to_string();
    let message = format!("{key} is pending deletion.");
    let tagged = house.service.tag_resource(&call(), tag(&key, pairs(&[("a", "b")]))).await;
    assert_refused(tagged, Kind::InvalidState, &message);
    let untag = UntagResource { key_id: key.clone(), tag_keys: vec!["a".to_owned()] };
    assert_refused(house.service.untag_resource(&call(), untag).await, Kind::InvalidState, &message);
    assert_eq!(tags_of(&house, &key).await, []);
}

#[tokio::test]
async fn what_is_wrong_with_tags_is_said_as_the_reference_says_it() {
    let house = start("wrong tags").await;
    let key = external_key(&house).await.arn.to_string();
    let wrong = [
        (pairs(&[("a", ""), ("a", "1")]), "Duplicate tag keys"),
        (pairs(&[("aws:a", "")]), "Tags beginning with aws: are reserved"),
    ];
    for (tags, message) in wrong {
        assert_refused(house.service.tag_resource(&call(), tag(&key, tags)).await, Kind::Tag, message);
    }
    let request = |limit, marker: Option<&str>, key_id: &str| ListOfKey {
        key_id: key_id.to_owned(),
        limit,
        marker: marker.map(str::to_owned),
    };
    let above = "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50";
    assert_refused(house.service.list_resource_tags(&call(), request(Some(51), None, &key)).await, Kind::Validation, above);
    let marker = house.service.list_resource_tags(&call(), request(None, Some("%"), &key)).await;
    assert_eq!(marker.unwrap_err().kind(), Kind::InvalidMarker);
    let alias = house.service.list_resource_tags(&call(), request(None, None, "alias/a")).await;
    assert_refused(alias, Kind::NotFound, "Invalid keyId 'alias/a'");
}

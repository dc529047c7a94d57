//! ListKeys: pages that meet, and bounds that hold.

use std::collections::BTreeSet;

use keyferry::proto as pb;

use crate::call;
use crate::harness::Daemon;

#[tokio::test]
async fn pages_meet_and_leave_nothing_out() {
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    let mut made = BTreeSet::new();
    for _ in 0..5 {
        made.insert(client.create_symmetric().await.key_id);
    }
    let (mut listed, mut marker) = (Vec::new(), None);
    loop {
        let page = call!(client.keys(), list_keys, pb::ListKeysRequest { limit: Some(2), marker: marker.take() }).unwrap();
        assert!(page.keys.len() <= 2);
        for key in &page.keys {
            assert_eq!(key.key_arn, format!("arn:aws:kms:us-east-1:111122223333:key/{}", key.key_id));
        }
        listed.extend(page.keys.into_iter().map(|key| key.key_id));
        assert_eq!(page.truncated, !page.next_marker.is_empty(), "a marker where more follows, and only there");
        if !page.truncated {
            break;
        }
        marker = Some(page.next_marker);
    }
    assert!(listed.is_sorted_by(|one, next| one < next), "in the order of their ids, each once");
    assert!(made.is_subset(&listed.into_iter().collect()));
}

#[tokio::test]
async fn a_page_has_its_bounds_and_a_marker_must_be_one() {
    let constraint = |field: &str, value: &str, bound: &str| {
        format!("1 validation error detected: {value} at '{field}' failed to satisfy constraint: Member must have {bound}")
    };
    let daemon = Daemon::shared();
    let client = daemon.client().await;
    for limit in [0, -1, i32::MIN] {
        let refusal = call!(client.keys(), list_keys, pb::ListKeysRequest { limit: Some(limit), marker: None }).unwrap_err();
        let message = constraint("limit", &format!("Value '{limit}'"), "value greater than or equal to 1");
        refusal.assert_says("ValidationException", &message, "limit");
        refusal.assert_blames("limit", "limit");
    }
    for limit in [1001, i32::MAX] {
        let refusal = call!(client.keys(), list_keys, pb::ListKeysRequest { limit: Some(limit), marker: None }).unwrap_err();
        let message = constraint("limit", &format!("Value '{limit}'"), "value less than or equal to 1000");
        refusal.assert_says("ValidationException", &message, "limit");
    }
    for (marker, reason) in [
        (String::new(), "ValidationException"),
        ("x".repeat(1025), "ValidationException"),
        ("no marker of ours".to_owned(), "InvalidMarkerException"),
        ("x".repeat(1024), "InvalidMarkerException"),
    ] {
        let request = pb::ListKeysRequest { limit: None, marker: Some(marker.clone()) };
        let refusal = call!(client.keys(), list_keys, request).unwrap_err();
        refusal.assert_is(reason, &marker).assert_blames("marker", &marker);
    }
}

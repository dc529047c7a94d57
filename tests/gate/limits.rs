//! How often.

use std::time::Duration;

use keyferry::proto as pb;

use super::{ANOTHER, client};
use crate::call;
use crate::harness::installation::NO_POOL;
use crate::harness::{Daemon, Settings};

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_ask_again_and_others_are_not_held_up() {
    let limits = "[limits]\nlist_keys = 1\nburst_seconds = 2\n";
    let daemon = Daemon::start(Settings { more: format!("{NO_POOL}{limits}"), ..Settings::default() });
    let (one, other) = (daemon.client().await, client(&daemon, ANOTHER).await);
    let lists =
        |client: crate::harness::Client| async move { call!(client.keys(), list_keys, pb::ListKeysRequest::default()) };
    let mut refusal = None;
    for _ in 0..20 {
        refusal = lists(one.clone()).await.err();
        if refusal.is_some() {
            break;
        }
    }
    let refusal = refusal.expect("two at once, and one a second");
    let said = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
    refusal.assert_says("ThrottlingException", said, "too often");
    assert!(refusal.retry.is_some_and(|wait| wait <= Duration::from_secs(1)), "{refusal:?}");
    lists(other).await.unwrap();
    call!(one.operator(), get_server_info, pb::GetServerInfoRequest {}).unwrap();
    let throttled = |event: &serde_json::Value| event["requestID"] == refusal.request_id.as_str();
    assert!(daemon.installation.events().iter().any(throttled), "it has its line too");
}

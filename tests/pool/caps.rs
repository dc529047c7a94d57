//! No more sets are live than one principal, and one key, may have.

use std::time::Duration;

use keyferry::model::SetCaps;
use keyferry::service::{Kind, Settings};

use super::{call, call_of, external_key, parameters, settings, start_with};

#[tokio::test]
async fn a_key_and_a_principal_have_so_many_sets_and_no_more_until_the_first_ends() {
    let caps = SetCaps { per_key: 2, per_principal: 3 };
    let house = start_with("capped", Settings { caps, ..settings() }).await;
    let (key, other) = (external_key(&house).await, external_key(&house).await);
    parameters(&house, &call(), &key).await.unwrap();
    house.clock.advance(Duration::from_secs(3600));
    parameters(&house, &call(), &key).await.unwrap();

    let refused = parameters(&house, &call_of("another"), &key).await.unwrap_err();
    assert_eq!((refused.kind(), refused.retry_after()), (Kind::LimitExceeded, Some(Duration::from_secs(23 * 3600))));
    assert!(
        refused.to_string().starts_with("the key has as many unused sets of import parameters as it may have"),
        "{refused}"
    );

    parameters(&house, &call(), &other).await.unwrap();
    let refused = parameters(&house, &call(), &other).await.unwrap_err();
    assert!(refused.to_string().starts_with("the principal has as many unused sets"), "{refused}");
    parameters(&house, &call_of("another"), &other).await.unwrap();

    // At its very end, and before the janitor comes.
    house.clock.advance(Duration::from_secs(23 * 3600));
    parameters(&house, &call_of("another"), &key).await.unwrap();
}

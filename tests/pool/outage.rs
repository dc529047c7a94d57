//! What is lost of the token comes back, and the pool with it.

use keyferry::service::Marks;

use super::{external_key, impatient, parameters, pool_of, start_with};
use crate::harness::inprocess;

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_fills_up_again_when_the_login_was_lost() {
    let label = "outage";
    let house = start_with(label, pool_of(Marks { low: 2, high: 2 })).await;
    let filling = tokio::spawn(house.service.clone().keep_filled());
    house.service.is_filled().await;
    let key = external_key(&house).await;
    for round in 0..3 {
        // While the fillers are at work, too: what they make is lost with their sessions.
        parameters(&house, &impatient(), &key).await.unwrap();
        inprocess::lose_the_login(label);
        // The token's threads find out at their next call, and open others.
        while parameters(&house, &impatient(), &key).await.is_err() {
            tokio::task::yield_now().await;
        }
        while house.service.stock().await.unwrap().pools.iter().any(|pool| pool.level.ready < 2) {
            tokio::task::yield_now().await;
        }
        assert!(!filling.is_finished(), "round {round}");
    }
    filling.abort();
}

//! Which tokens a service starts over.

use std::sync::Arc;

use keyferry::hsm::Hsm;
use keyferry::service::{Service, StartError, Tokens, install};

use crate::harness::service::{House, opened, settings, start, start_over};

async fn start_again(house: &House, first: &Hsm, further: &[&Hsm]) -> Result<Service, StartError> {
    let (store, gate, clock) = (house.store.clone(), Arc::clone(house.service.gate()), Arc::new(house.clock.clone()));
    let tokens = Tokens::new(first.clone(), further.iter().map(|hsm| (*hsm).clone()).collect());
    Service::start(store, tokens, gate, clock, settings()).await
}

/// The refusal and what is behind it.
fn text(error: StartError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_added_by_init_and_not_before() {
    let house = start("several-add-1").await;
    let second = opened("several-add-2").await;
    let before = house.service.profile().serial_number.clone();
    let refused = text(start_again(&house, &house.hsm, &[&second]).await.unwrap_err());
    let expected =
        "the further token \"several-add-2\": token and database are not set up, or not wholly: run `keyferryd init` once";
    assert_eq!(refused, expected);
    install(&house.store, Tokens::new(house.hsm.clone(), vec![second.clone()])).await.unwrap();
    assert_eq!(house.store.tokens().await.unwrap(), [before]);
    start_again(&house, &house.hsm, &[&second]).await.unwrap();
    assert_eq!(house.store.tokens().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_installation_is_refused() {
    let (house, other) = (start("several-foreign-1").await, start("several-foreign-2").await);
    let tokens = Tokens::new(house.hsm.clone(), vec![other.hsm.clone()]);
    for refused in
        [start_again(&house, &house.hsm, &[&other.hsm]).await.unwrap_err(), install(&house.store, tokens).await.unwrap_err()]
    {
        let text = text(refused);
        assert!(text.starts_with("the further token \"several-foreign-2\": the token belongs to installation"), "{text}");
    }
    assert_eq!(house.store.tokens().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_served_with_and_lost_its_mark_is_not_marked_anew() {
    let house = start("several-lost-1").await;
    let blank = opened("several-lost-2").await;
    let now = keyferry::clock::Clock::now(&house.clock);
    house.store.serve_with(&[&blank.profile().serial_number], now).await.unwrap();
    let tokens = Tokens::new(house.hsm.clone(), vec![blank.clone()]);
    for refused in
        [start_again(&house, &house.hsm, &[&blank]).await.unwrap_err(), install(&house.store, tokens).await.unwrap_err()]
    {
        let text = text(refused);
        assert!(text.contains("the database belongs to installation"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_is_not_taken_for_two() {
    let house = start("several-twice").await;
    let refused = start_again(&house, &house.hsm, &[&house.hsm]).await.unwrap_err();
    assert!(matches!(&refused, StartError::Twice(serial) if *serial == house.hsm.profile().serial_number), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_token_in_the_first_place_gets_no_keys_to_sign_with() {
    let house = start_over(&["several-order-1", "several-order-2"], settings()).await;
    let [first, second] = [&house.hsm, &house.further[0]];
    let before = house.store.tokens().await.unwrap();
    for refused in [
        start_again(&house, second, &[first]).await.unwrap_err(),
        start_again(&house, second, &[]).await.unwrap_err(),
        install(&house.store, Tokens::new(second.clone(), vec![first.clone()])).await.unwrap_err(),
    ] {
        assert!(matches!(refused, StartError::NotFirst), "{refused}");
    }
    let listed = second.sweep(|token| token.list()).await.unwrap();
    assert!(listed.attestations.is_empty() && listed.audits.is_empty() && listed.access_keys.is_empty(), "{listed:?}");
    assert_eq!(house.store.tokens().await.unwrap(), before);
}

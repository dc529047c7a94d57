//! The pool of wrapping keys: callers do not wait for RSA, and where they must, they wait in turns; and the token never gets
//! fuller than it may.

mod budget;
mod caps;
mod line;
mod outage;
mod replicas;
pub mod told;

use std::collections::BTreeMap;
use std::time::Instant;

use keyferry::model::{KeyId, Principal, WrappingKeySpec};
use keyferry::service::{Call, CreateKey, Error, GetParametersForImport, Marks, Parameters, PoolSettings, Settings};

use crate::harness::service::{House, call, settings, start_with};

/// A pool of RSA_2048 pairs, so many of each use.
fn pool_of(marks: Marks) -> Settings {
    let marks = BTreeMap::from([(WrappingKeySpec::Rsa2048, marks)]);
    Settings { pool: PoolSettings { sessions: 2, waiting: 64, marks }, ..settings() }
}

async fn external_key(house: &House) -> KeyId {
    let request = CreateKey { origin: Some("EXTERNAL".to_owned()), ..CreateKey::default() };
    house.service.create_key(&call(), request).await.unwrap().key.id
}

/// Asks for an RSA_2048 pair that unwraps in the token.
async fn parameters(house: &House, call: &Call, key: &KeyId) -> Result<Parameters, Error> {
    let request = GetParametersForImport {
        key_id: key.as_str().to_owned(),
        wrapping_algorithm: Some("RSAES_OAEP_SHA_1".to_owned()),
        wrapping_key_spec: Some("RSA_2048".to_owned()),
    };
    house.service.parameters_for_import(call, request).await
}

/// A call of somebody who waits for nothing.
fn impatient() -> Call {
    Call { deadline: Some(Instant::now()), ..call() }
}

/// A call of this principal's.
fn call_of(name: &str) -> Call {
    let principal = Principal { name: name.to_owned(), ..call().principal };
    Call { principal, ..call() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filled_pool_serves_callers_who_do_not_wait_and_fills_up_again() {
    let house = start_with("filled", pool_of(Marks { low: 2, high: 2 })).await;
    let filling = tokio::spawn(house.service.clone().keep_filled());
    let key = external_key(&house).await;
    for _ in 0..2 {
        house.service.is_filled().await;
        let stock = house.service.stock().await.unwrap();
        assert_eq!(stock.pools.len(), 2, "one for each use");
        assert!(stock.pools.iter().all(|pool| (pool.level.ready, pool.level.making) == (2, 0)), "{stock:?}");
        let mut keys = Vec::new();
        for _ in 0..2 {
            keys.push(parameters(&house, &impatient(), &key).await.unwrap().spki);
        }
        assert_ne!(keys[0], keys[1]);
    }
    filling.abort();
}

#[tokio::test]
async fn pairs_that_stand_ready_outlive_the_service_and_none_is_handed_out_twice() {
    use std::sync::Arc;

    let settings = pool_of(Marks { low: 3, high: 3 });
    let house = start_with("restarted", settings.clone()).await;
    let filling = tokio::spawn(house.service.clone().keep_filled());
    house.service.is_filled().await;
    filling.abort();
    let key = external_key(&house).await;
    let first = parameters(&house, &impatient(), &key).await.unwrap();

    let clock = Arc::new(house.clock.clone());
    let again = keyferry::service::Service::start(
        house.store.clone(),
        house.hsm.clone(),
        Arc::clone(house.service.gate()),
        clock,
        settings,
    )
    .await
    .unwrap();
    let mut house = house;
    house.service = again;
    let mut given = vec![first.spki];
    for _ in 0..2 {
        given.push(parameters(&house, &impatient(), &key).await.unwrap().spki);
    }
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 3);
    parameters(&house, &impatient(), &key).await.expect_err("there were three");
}

//! Where no pair is ready, callers wait in turns.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use keyferry::hsm::MAKERS;
use keyferry::service::{Kind, PoolSettings, Settings};

use super::{House, call, call_of, external_key, impatient, parameters, settings, start_with};

fn waiting(waiting: usize) -> Settings {
    Settings { pool: PoolSettings { waiting, ..settings().pool }, ..settings() }
}

/// Keeps every session that makes keys for callers busy, until it is dropped.
struct Held {
    _until_dropped: Vec<Sender<()>>,
}

impl Held {
    fn all(house: &House) -> Self {
        let hold = |_| {
            let (release, released) = channel::<()>();
            let hsm = house.hsm.clone();
            tokio::spawn(async move { hsm.make(move |_| Ok(released.recv().is_err())).await });
            release
        };
        Self { _until_dropped: (0..MAKERS).map(hold).collect() }
    }
}

/// Waits until so many callers do.
async fn wait_for(house: &House, waiting: usize) {
    while house.service.stock().await.unwrap().waiting != waiting {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_line_callers_are_told_when_to_come_again_by_how_long_pairs_take() {
    let house = start_with("crowded", waiting(2)).await;
    let key = external_key(&house).await;
    let held = Held::all(&house);
    let mut patient = Vec::new();
    for n in 0..2 {
        let (service, key) = (house.service.clone(), key.clone());
        patient.push(tokio::spawn(async move {
            let request = keyferry::service::GetParametersForImport {
                key_id: key.as_str().to_owned(),
                wrapping_algorithm: Some("RSAES_OAEP_SHA_1".to_owned()),
                wrapping_key_spec: Some("RSA_2048".to_owned()),
            };
            service.parameters_for_import(&call(), request).await
        }));
        wait_for(&house, n + 1).await;
    }
    let refused = parameters(&house, &call(), &key).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Throttling);
    // Three pairs of 0.3 s, which is believed before one is measured, by two sessions: rounded up to a second.
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(1)));
    assert_eq!(refused.to_string(), "no wrapping key RSA_2048 is ready yet: try again in 1 s");
    drop(held);
    for waiter in patient {
        waiter.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_wait_is_told_so_and_leaves_the_line() {
    let house = start_with("left", waiting(1)).await;
    let key = external_key(&house).await;
    let _held = Held::all(&house);
    for _ in 0..2 {
        let refused = parameters(&house, &impatient(), &key).await.unwrap_err();
        assert_eq!((refused.kind(), refused.retry_after().is_some()), (Kind::Throttling, true));
        wait_for(&house, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_asks_once_does_not_wait_for_one_who_asks_often() {
    let house = start_with("in turns", waiting(64)).await;
    let key = external_key(&house).await;
    let held = Held::all(&house);
    let (order, served) = tokio::sync::mpsc::unbounded_channel();
    let house = std::sync::Arc::new(house);
    for (n, name) in ["often", "often", "often", "often", "once"].into_iter().enumerate() {
        let (house, key, order) = (house.clone(), key.clone(), order.clone());
        tokio::spawn({
            let house = house.clone();
            async move {
                parameters(&house, &call_of(name), &key).await.unwrap();
                order.send(name).unwrap();
            }
        });
        wait_for(&house, n + 1).await;
    }
    drop((held, order));
    let mut served = served;
    let mut names = Vec::new();
    while let Some(name) = served.recv().await {
        names.push(name);
    }
    assert_eq!(names.len(), 5);
    let once = names.iter().position(|name| *name == "once").unwrap();
    assert!(once < 3, "{names:?}: two pairs are made at once, and the second turn is theirs");
}

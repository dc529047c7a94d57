//! A hundred imports at once under one set: one material comes in, and the others leave nothing.

use std::collections::BTreeMap;

use keyferry::model::{KeySpec, KeyUsage};
use tokio::sync::Barrier;

use crate::harness::client::import_request;
use crate::harness::{Daemon, Plaintext, Settings, audit};

const CONNECTIONS: usize = 10;
const EACH: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_imports_at_once_one_wins_and_the_rest_leave_nothing() {
    let daemon = Daemon::start(Settings { max_attempts: 1000, ..Settings::default() });
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    // Every second one has this, under a padding of its own; the others each have another.
    let common = Plaintext::aes();
    let start = std::sync::Arc::new(Barrier::new(CONNECTIONS * EACH));
    let mut imports = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = daemon.client().await;
        for number in 0..EACH {
            let material = if number % 2 == 0 { common.clone() } else { Plaintext::aes() };
            let request = import_request(&set, material.wrap_simply(&set.public_key));
            let (client, start) = (client.clone(), start.clone());
            imports.push(tokio::spawn(async move {
                start.wait().await;
                (client.import(request.clone()).await, request, material)
            }));
        }
    }
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for import in imports {
        match import.await.unwrap() {
            (Ok(answer), request, material) => winners.push((answer, request, material)),
            (Err(refusal), request, _) => {
                // Turned away at the door, or too late.
                let allowed = refusal.retry.is_some() || refusal.reason == "InvalidImportTokenException";
                assert!(allowed, "{refusal:?}");
                losers.push(request);
            }
        }
    }
    let [(answer, request, material)] = &winners[..] else { panic!("{} won", winners.len()) };
    let described = client.describe(&key.key_id).await;
    assert_eq!(described.current_key_material_id, material.fingerprint(&key.key_id));
    // Who was told to try again is refused for good, and the winner hears the same.
    for loser in losers.into_iter().step_by(7) {
        client.import(loser).await.unwrap_err().assert_is("InvalidImportTokenException", "a loser, later");
    }
    assert_eq!(client.import(request.clone()).await.unwrap(), *answer);
    assert_eq!(client.describe(&key.key_id).await, described);
    drop(client);

    // Started once more, so that what was still to be destroyed is.
    let installation = Daemon::serve(daemon.terminate(), &[]).terminate();
    let keys = BTreeMap::from([(key.key_id, (KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt))]);
    let objects = audit::assert_sound(&installation, &keys).await;
    let materials = objects.iter().filter(|object| object.label.starts_with("keyferry/material/")).count();
    assert_eq!(materials, 1, "{objects:?}");
}

//! SoftHSM 2.6.1 does not see all that another process makes. What the record names is looked for afresh, and then serves.

use std::collections::BTreeSet;
use std::path::PathBuf;

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::daemon::field;
use crate::harness::refusal::surely;
use crate::harness::{Client, Daemon, FEW_PAIRS, Installation, Plaintext, Refusal, Settings, postgres};

async fn mac(client: &Client, key_id: &str) -> Result<Vec<u8>, Refusal> {
    let request = pb::GenerateMacRequest {
        message: b"message".to_vec(),
        key_id: key_id.to_owned(),
        mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
        ..Default::default()
    };
    call!(client.cryptography(), generate_mac, request).map(|answer| answer.mac)
}

/// The files of the token's objects.
fn objects(installation: &Installation) -> BTreeSet<PathBuf> {
    let tokens = std::fs::read_dir(installation.token.folder()).unwrap().map(|token| token.unwrap().path());
    let files = tokens.filter(|token| token.is_dir()).flat_map(|token| std::fs::read_dir(token).unwrap());
    files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|kind| kind == "object")).collect()
}

/// A service whose module does not see these objects, though they are there again: as if another process made them after it has looked. It
/// reads its folder when it is initialised.
fn unseeing<'a>(installation: Installation, made: impl Iterator<Item = &'a PathBuf> + Clone) -> Daemon {
    let away = |file: &PathBuf| file.with_extension("away");
    made.clone().for_each(|file| std::fs::rename(file, away(file)).unwrap());
    let daemon = Daemon::serve(installation, &[]);
    made.for_each(|file| std::fs::rename(away(file), file).unwrap());
    daemon
}

/// It may be seen soon, here or by another.
fn is_for_a_while(refusal: &Refusal) {
    refusal.assert_is("DependencyTimeoutException", "it may be seen soon");
    assert!(refusal.retry.is_some(), "{refusal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_made_and_the_module_does_not_see_serves_once_it_has_looked_afresh() {
    let store_url = Some(postgres::database().await);
    let installation = Installation::new(Settings { store_url, ..Settings::default() });
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let before = objects(&daemon.installation);
    let [first, second] = [
        client.create_generated(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await.key_id,
        client.create_generated(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await.key_id,
    ];
    let made = objects(&daemon.installation);
    let macs = [mac(&client, &first).await.unwrap(), mac(&client, &second).await.unwrap()];
    let made: Vec<_> = made.difference(&before).collect();
    assert_eq!(made.len(), 2, "one file for each key: {made:?}");
    drop(client);
    let installation = daemon.terminate();

    let daemon = unseeing(installation, made.iter().copied());
    let client = daemon.client().await;
    is_for_a_while(&mac(&client, &first).await.unwrap_err());
    daemon.wait_for_log(|line| field(line, "message") == "the PKCS#11 module was initialised anew");
    for (key_id, expected) in [&first, &second].into_iter().zip(macs) {
        assert_eq!(surely(async || mac(&client, key_id).await).await.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapping_key_that_the_module_does_not_see_is_imported_under_once_it_has_looked_afresh() {
    let store_url = Some(postgres::database().await);
    let installation = Installation::new(Settings { store_url, ..Settings::default() });
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let before = objects(&daemon.installation);
    let key = client.create_symmetric().await.key_id;
    let set = client.some_parameters(&key).await;
    let made = objects(&daemon.installation);
    let material = Plaintext::aes();
    let request = import_request(&set, material.wrap_simply(&set.public_key));
    drop(client);
    let daemon = unseeing(daemon.terminate(), made.difference(&before));
    let client = daemon.client().await;
    is_for_a_while(&client.import(request.clone()).await.unwrap_err());
    let imported = surely(|| client.import(request.clone())).await.unwrap();
    assert_eq!(imported.key_material_id, material.fingerprint(&key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_the_module_does_not_see_is_not_issued_and_others_are_once_it_has_looked_afresh() {
    let store_url = Some(postgres::database().await);
    let installation = Installation::new(Settings { store_url, more: FEW_PAIRS.to_owned(), ..Settings::default() });
    let before = objects(&installation);
    let daemon = Daemon::serve(installation, &[]);
    let filled = |daemon: &Daemon| drop(daemon.wait_for_log(|line| field(line, "message") == "the pools are filled"));
    filled(&daemon);
    let made = objects(&daemon.installation);
    let daemon = unseeing(daemon.terminate(), made.difference(&before));
    filled(&daemon);
    let client = daemon.client().await;
    let key = client.create_symmetric().await.key_id;
    let parameters = || client.parameters(&key, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048);
    is_for_a_while(&parameters().await.unwrap_err());
    let set = surely(parameters).await.unwrap();
    let material = Plaintext::aes();
    let request = import_request(&set, material.wrap_simply(&set.public_key));
    let imported = surely(|| client.import(request.clone())).await.unwrap();
    assert_eq!(imported.key_material_id, material.fingerprint(&key));
}

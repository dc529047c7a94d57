//! SoftHSM 2.6.1 does not see all that another process makes. What the record names is looked for afresh, and then serves.

use std::collections::BTreeSet;
use std::path::PathBuf;

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use crate::call;
use crate::harness::daemon::field;
use crate::harness::refusal::surely;
use crate::harness::{Client, Daemon, Installation, Refusal, Settings, postgres};

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

    // As if another process made both after this one has looked: the module reads its folder when it is initialised.
    let away = |file: &PathBuf| file.with_extension("away");
    made.iter().for_each(|file| std::fs::rename(file, away(file)).unwrap());
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    made.iter().for_each(|file| std::fs::rename(away(file), file).unwrap());
    let refusal = mac(&client, &first).await.unwrap_err();
    refusal.assert_is("DependencyTimeoutException", "it may be seen soon");
    assert!(refusal.retry.is_some(), "{refusal:?}");
    daemon.wait_for_log(|line| field(line, "message") == "the PKCS#11 module was initialised anew");
    for (key_id, expected) in [&first, &second].into_iter().zip(macs) {
        assert_eq!(surely(async || mac(&client, key_id).await).await.unwrap(), expected);
    }
}

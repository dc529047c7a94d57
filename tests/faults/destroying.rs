//! What waits to be destroyed while the login is lost and had again: handles are others then, and what one stood for may be another's.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::record::Record;
use crate::harness::{Client, Daemon, Faults, Installation, Plaintext, Settings};
use crate::monitoring::{get, value, watched};

/// Within this it is destroyed, once it can be.
const DESTROYED: Duration = Duration::from_secs(60);

/// Rounds of the janitor come every second and wait for whoever destroys: with none for so long, somebody waits to destroy.
const NO_ROUND: f64 = 3.0;

/// A key and an import that brings it material.
async fn prepared(client: &Client) -> (String, pb::ImportKeyMaterialRequest) {
    let key = client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
    let algorithm = WrappingAlgorithm::RsaesOaepSha1;
    let set = client.parameters(&key.key_id, algorithm, WrappingKeySpec::Rsa2048).await.unwrap();
    let ciphertext = Plaintext::for_spec(KeySpec::Hmac256).wrap(Wrapper::RustCrypto, algorithm, &set.public_key);
    (key.key_id, import_request(&set, ciphertext))
}

/// SoftHSM2 gives no number twice, so that nothing is lost here but the destruction; on a token that does it could be a key.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_lost_while_others_are_waited_for_destroys_nothing_by_a_handle_of_before() {
    let installation = Installation::new(Settings { faults: true, ..watched() });
    // Else the log is signed for in the middle of the test, and finds the login lost first.
    installation.edit_config("checkpoint_seconds = 1\n", "checkpoint_seconds = 3600\n");
    let daemon = Daemon::serve(installation, &[]);
    let (client, mut faults) = (daemon.client().await, Faults::of(&daemon.installation));
    let (first, import) = prepared(&client).await;
    client.import(import).await.unwrap();
    let (second, import) = prepared(&client).await;
    let third = client.create_generated(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await;

    // It holds what whoever destroys waits for.
    faults.rule("C_CopyObject 1 hang");
    let importing = tokio::spawn({
        let (client, import) = (client.clone(), import.clone());
        async move { client.import(import).await }
    });
    faults.wait_until_hanging(1);
    let request = pb::DeleteImportedKeyMaterialRequest { key_id: first, ..Default::default() };
    call!(client.imports(), delete_imported_key_material, request).unwrap();
    let began = Instant::now();
    while value(&get(&daemon, "/metrics").1, "keyferry_janitor_last_round_age_seconds").unwrap() < NO_ROUND {
        assert!(began.elapsed() < DESTROYED, "nobody waits to destroy:\n{}", daemon.log());
    }
    // It finds the login lost, and has it again.
    faults.rule("C_EncryptInit 1 logout");
    let request = pb::EncryptRequest { key_id: third.key_id.clone(), plaintext: b"dawn".to_vec(), ..Default::default() };
    call!(client.cryptography(), encrypt, request).unwrap();
    assert_eq!(faults.fired(), 2);
    faults.clear();
    importing.await.unwrap().unwrap_err();

    let began = Instant::now();
    while !Record::read(&daemon.installation).await.unsettled.is_empty() {
        assert!(began.elapsed() < DESTROYED, "it is not destroyed:\n{}", daemon.log());
        tokio::task::yield_now().await;
    }
    client.import(import).await.unwrap();
    let (installation, log) = daemon.terminate_with_log();
    for said in ["an object could not be destroyed", "a session object could not be destroyed"] {
        assert!(!log.contains(said), "{log}");
    }
    let left: BTreeSet<String> = Record::read(&installation).await.materials.into_values().collect();
    assert_eq!(left, [second, third.key_id].into());
}

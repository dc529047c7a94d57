//! How often a set may be tried.

use crate::harness::client::import_request;
use crate::harness::{Daemon, Plaintext, Settings};

#[tokio::test]
async fn after_too_many_failures_a_set_is_dead_and_its_key_is_not() {
    let daemon = Daemon::start(Settings { max_attempts: 3, ..Settings::default() });
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    let set = client.some_parameters(&key.key_id).await;
    let material = Plaintext::aes();
    let good = import_request(&set, material.wrap_simply(&set.public_key));
    for _ in 0..5 {
        // Refused by arithmetic: nothing was tried.
        client.import(import_request(&set, vec![1; 255])).await.unwrap_err().assert_is("ValidationException", "length");
    }
    for attempt in 0..3 {
        let mut wrong = good.clone();
        wrong.encrypted_key_material[200] ^= 1 << attempt;
        let refusal = client.import(wrong).await.unwrap_err();
        refusal.assert_is("InvalidCiphertextException", "a failure that counts");
    }
    let message = "the import token is invalid or is associated with a different KMS key";
    for _ in 0..2 {
        client.import(good.clone()).await.unwrap_err().assert_says("InvalidImportTokenException", message, "a dead set");
    }
    assert_eq!(client.describe(&key.key_id).await, key);

    let set = client.some_parameters(&key.key_id).await;
    let mut wrong = import_request(&set, material.wrap_simply(&set.public_key));
    wrong.encrypted_key_material[200] ^= 1;
    for _ in 0..2 {
        client.import(wrong.clone()).await.unwrap_err().assert_is("InvalidCiphertextException", "below the cap");
    }
    client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.expect("the last attempt counts");
}

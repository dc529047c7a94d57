//! What is not replicated, and where nothing is.

use keyferry::model::{KeySpec, KeyUsage};
use keyferry::proto as pb;

use super::world::{ASIA, EUROPE, HOME, World, multi_region_key, replicate, update_primary_region};
use crate::call;
use crate::harness::Plaintext;

#[tokio::test]
async fn a_refusal_says_why_and_changes_nothing() {
    let world = World::of(&[HOME, EUROPE]).await;
    let home = world.client(HOME).await;
    let primary = world.primary(&Plaintext::aes()).await;
    let (key, arn) = (primary.key_id.as_str(), primary.arn.as_str());
    let of = |id: &str| arn.replace(key, id);
    let single = home.create_symmetric().await.key_id;
    let generated = multi_region_key(&home, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, pb::Origin::AwsKms).await;
    let empty = multi_region_key(&home, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, pb::Origin::External).await;
    let disabled = world.primary(&Plaintext::aes()).await.key_id;
    call!(home.keys(), disable_key, pb::DisableKeyRequest { key_id: disabled.clone() }).unwrap();
    #[rustfmt::skip]
    let cases = [
        (single.as_str(),    EUROPE, "UnsupportedOperationException", format!("{} is not a multi-region primary key.", of(&single))),
        (generated.as_str(), EUROPE, "UnsupportedOperationException", format!("{} origin is AWS_KMS which is not valid for this operation.", of(&generated))),
        (empty.as_str(),     EUROPE, "KMSInvalidStateException",      format!("{} is pending import.", of(&empty))),
        (disabled.as_str(),  EUROPE, "DisabledException",             format!("{} is disabled.", of(&disabled))),
        (key,                HOME,   "ValidationException",           format!("expected another Region than {HOME}, which is this one")),
        (key,                ASIA,   "UnsupportedOperationException", format!("replicaRegion {ASIA} is not served: this service has no peer there (peer in keyferryd.toml).")),
        (key,                "eu",   "ValidationException",           "1 validation error detected: Value 'eu' at 'replicaRegion' failed to satisfy constraint: Member must satisfy regular expression pattern: ^([a-z]+-){2,3}\\d+$".to_owned()),
    ];
    for (id, region, reason, message) in cases {
        replicate(&home, id, region).await.unwrap_err().assert_says(reason, &message, region);
    }
    replicate(&home, key, EUROPE).await.unwrap();
    let twice = replicate(&home, key, EUROPE).await.unwrap_err();
    twice.assert_says("AlreadyExistsException", &format!("{arn} has a replica key in {EUROPE} already."), "twice");
    #[rustfmt::skip]
    let cases = [
        (single.as_str(), EUROPE, "UnsupportedOperationException", format!("{} is not a multi-region primary key.", of(&single))),
        (key,             HOME,   "ValidationException",           format!("{HOME} is the Region of the primary key already")),
        (key,             ASIA,   "NotFoundException",             format!("{arn} has no replica key in {ASIA}.")),
        // The replica has no material.
        (key,             EUROPE, "KMSInvalidStateException",      format!("{EUROPE} refuses: {} is pending import.", arn.replace(HOME, EUROPE))),
    ];
    for (id, region, reason, message) in cases {
        update_primary_region(&home, id, region).await.unwrap_err().assert_says(reason, &message, region);
    }
    assert_eq!(home.describe(key).await.key_state(), pb::KeyState::Enabled);
}

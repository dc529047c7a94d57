//! A walk with a service that answers something else than was asked: no material goes where its owner did not mean it to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyferry::client::walk::Target;
use keyferry::client::{Client, Error, Local, NewKey, Walk};
use keyferry::model::{KeySpec, WrappingAlgorithm, WrappingKeySpec};
use keyferry::{proto as pb, wrap};
use tonic::{Code, Status};

use super::refused::{connect, refusal};
use crate::harness::Plaintext;
use crate::harness::front::Lie;

fn quick(target: Target) -> Walk {
    Walk::to(target).wrapping_key_spec(WrappingKeySpec::Rsa2048)
}

fn symmetric() -> Target {
    Target::New(NewKey::external(KeySpec::SymmetricDefault))
}

/// Walks, and gives the error.
async fn walk(client: &Client, walk: &Walk) -> Error {
    let material = Plaintext::aes();
    walk.run(client, |kind| wrap::material(kind, &material.bytes), |_| {}).await.unwrap_err()
}

/// Lets nothing through that brings material in, or asks for the way to.
fn no_import(method: &str, _: &[u8]) -> Option<Status> {
    ["get_parameters_for_import", "import_key_material"].contains(&method).then(|| Status::aborted("the walk goes on"))
}

#[tokio::test]
async fn another_key_than_was_asked_for_gets_nothing() {
    for lie in [Lie::Described, Lie::Account] {
        let (daemon, client) = connect(lie, no_import).await;
        let key = daemon.client().await.create_symmetric().await;
        // An id says nothing of the account.
        let asked = if lie == Lie::Account { vec![&key.arn] } else { vec![&key.arn, &key.key_id] };
        for asked in asked {
            let refusal = walk(&client, &quick(Target::Existing(asked.clone()))).await;
            assert!(matches!(refusal, Error::Local(Local::Answer(_))), "{lie:?}: {refusal:?}");
            assert!(refusal.to_string().ends_with(&format!("what was asked for is {asked}")), "{refusal}");
            assert!(quick(Target::Existing(asked.clone())).plan(&client).await.is_err(), "{lie:?}");
        }
    }
}

#[tokio::test]
async fn a_key_that_was_made_otherwise_than_asked_for_gets_nothing_and_is_named() {
    for (lie, made) in [
        (Lie::Spec, "as HMAC_256 for ENCRYPT_DECRYPT with the origin EXTERNAL"),
        (Lie::Usage, "as SYMMETRIC_DEFAULT for GENERATE_VERIFY_MAC with the origin EXTERNAL"),
        (Lie::Origin, "as SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT with the origin AWS_KMS"),
    ] {
        let (_daemon, client) = connect(lie, no_import).await;
        let refusal = walk(&client, &quick(symmetric())).await.to_string();
        assert!(refusal.contains("it made arn:aws:kms:") && refusal.contains(made), "{lie:?}: {refusal}");
    }
}

#[tokio::test]
async fn what_the_last_look_shows_is_compared_with_what_was_given() {
    let (_daemon, client) = connect(Lie::Confirmed, |_, _| None).await;
    let mismatch = walk(&client, &quick(symmetric())).await;
    assert!(matches!(mismatch, Error::Local(Local::Mismatch { .. })), "{mismatch:?}");
    assert!(mismatch.to_string().contains(&"cd".repeat(32)), "{mismatch}");
    for (lie, message) in
        [(Lie::Unproved, "without key material, after the import"), (Lie::Described, "what was asked for is ")]
    {
        let (_daemon, client) = connect(lie, |_, _| None).await;
        let refusal = walk(&client, &quick(symmetric())).await.to_string();
        assert!(refusal.contains(message), "{lie:?}: {refusal}");
    }
}

/// SoftHSM 2.6.1 opens OAEP with SHA-1 by itself, and with SHA-256 only where the host helps.
#[tokio::test]
async fn a_refused_choice_is_not_followed_by_one_that_exposes_more_unless_the_caller_says_so() {
    let exposing = Arc::new(AtomicBool::new(false));
    let asked_for = exposing.clone();
    let (_daemon, client) = connect(Lie::Nothing, move |method, bytes| {
        (method == "get_parameters_for_import").then_some(())?;
        let asked: pb::GetParametersForImportRequest = prost::Message::decode(bytes).unwrap();
        if asked.wrapping_algorithm() == pb::WrappingAlgorithm::RsaesOaepSha256 {
            asked_for.store(true, Ordering::SeqCst);
            return None;
        }
        Some(refusal(Code::FailedPrecondition, "UnsupportedOperationException", None))
    })
    .await;
    let refusal = walk(&client, &quick(symmetric())).await;
    assert_eq!(
        refusal.to_string(),
        "the service refuses RSAES_OAEP_SHA_1 under RSA_2048 (host exposure TOKEN): UnsupportedOperationException: as the test \
         says; what is left exposes more: RSAES_OAEP_SHA_256 under RSA_2048 (host exposure HOST_MATERIAL); to take one of them \
         knowingly, name its algorithm with --wrapping-algorithm"
    );
    assert!(!exposing.load(Ordering::SeqCst), "it was tried");
    let fixed = quick(symmetric()).wrapping_algorithm(WrappingAlgorithm::RsaesOaepSha256);
    let material = Plaintext::aes();
    fixed.run(&client, |kind| wrap::material(kind, &material.bytes), |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_key_that_was_made_is_named_and_nothing_of_its_answer_reaches_a_terminal() {
    let (daemon, client) = connect(Lie::Escape, no_import).await;
    let before = daemon.client().await.create_symmetric().await;
    let refusal = walk(&client, &quick(symmetric())).await;
    let Error::Local(Local::Made { key, .. }) = &refusal else { panic!("{refusal:?}") };
    assert_ne!(key, &before.key_id);
    assert_eq!(&daemon.client().await.describe(key).await.key_id, key);
    assert!(!refusal.to_string().contains('\x1b'), "{refusal:?}");
}

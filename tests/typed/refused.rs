//! A walk with a service that says no, asks to wait, or lies.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyferry::client::walk::{Outcome, Progress, Target};
use keyferry::client::{Client, Endpoint, Error, Local, NewKey, Walk};
use keyferry::model::{KeySpec, KeyState, WrappingAlgorithm, WrappingKeySpec};
use keyferry::wrap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::harness::front::{Front, Lie};
use crate::harness::{Daemon, Plaintext};

pub fn refusal(code: Code, reason: &str, retry: Option<Duration>) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, "keyferry", std::collections::HashMap::new());
    if retry.is_some() {
        details.set_retry_info(retry);
    }
    Status::with_error_details(code, "as the test says", details)
}

pub async fn connect(
    lie: Lie,
    mischief: impl Fn(&str, &[u8]) -> Option<Status> + Send + Sync + 'static,
) -> (Arc<Daemon>, Client) {
    let daemon = Daemon::shared();
    let url = Front::serve(daemon.client().await, lie, mischief).await;
    (daemon, Client::connect(&Endpoint::new(url)).await.unwrap())
}

/// Walks to a new symmetric key; with what the walk waited for, and what it was refused.
async fn walk(client: &Client, walk: Walk) -> (Result<Outcome, Error>, Vec<Duration>, Vec<WrappingKeySpec>) {
    let (material, mut pauses, mut refused) = (Plaintext::aes(), Vec::new(), Vec::new());
    let kind = material.kind;
    let outcome = walk.run(
        client,
        |_| wrap::material(kind, &material.bytes),
        |progress| match progress {
            Progress::Waits(_, _, pause) => pauses.push(pause),
            Progress::Refused(choice, _) => refused.push(choice.wrapping_key_spec),
            _ => {}
        },
    );
    (outcome.await, pauses, refused)
}

fn symmetric() -> Walk {
    Walk::to(Target::New(NewKey::external(KeySpec::SymmetricDefault)))
}

/// The daemon behind counts: the request went up twice, and was the same.
#[tokio::test]
async fn an_import_that_is_put_off_is_sent_again_byte_for_byte() {
    let sent: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let seen = sent.clone();
    let (_daemon, client) = connect(Lie::Nothing, move |method, bytes| {
        let mut seen = seen.lock().unwrap();
        (method == "import_key_material").then(|| seen.push(bytes.to_vec()))?;
        let wait = Some(Duration::from_millis(350));
        (seen.len() == 1).then(|| refusal(Code::Unavailable, "DependencyTimeoutException", wait))
    })
    .await;
    let (outcome, pauses, _) = walk(&client, symmetric().wrapping_key_spec(WrappingKeySpec::Rsa2048)).await;
    assert_eq!(outcome.unwrap().key.state, KeyState::Enabled);
    assert_eq!(pauses, [Duration::from_millis(350)], "as long as the service asks");
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test]
async fn where_the_service_does_not_say_what_it_serves_the_strongest_is_tried_first() {
    let (_daemon, client) = connect(Lie::Nothing, |method, bytes| {
        let longest = || {
            let asked: keyferry::proto::GetParametersForImportRequest = prost::Message::decode(bytes).unwrap();
            asked.wrapping_key_spec() == keyferry::proto::WrappingKeySpec::Rsa2048
        };
        match method {
            "get_token_profile" => Some(Status::permission_denied("not for you")),
            "get_parameters_for_import" if !longest() => {
                Some(refusal(Code::FailedPrecondition, "UnsupportedOperationException", None))
            }
            _ => None,
        }
    })
    .await;
    let plan = symmetric().plan(&client).await.unwrap();
    assert_eq!(plan.choice.host_exposure, None);
    assert!(
        plan.choice.reason.starts_with("The service does not say what its host sees; the hash"),
        "{}",
        plan.choice.reason
    );
    let (outcome, _, refused) = walk(&client, symmetric()).await;
    let choice = outcome.unwrap().imported.unwrap();
    assert_eq!(refused, [WrappingKeySpec::Rsa4096, WrappingKeySpec::Rsa3072]);
    assert_eq!(choice.wrapping_algorithm, WrappingAlgorithm::RsaesOaepSha256);
    assert_eq!(choice.wrapping_key_spec, WrappingKeySpec::Rsa2048);
}

#[tokio::test]
async fn a_refusal_for_good_ends_the_walk_at_once() {
    let (_daemon, client) = connect(Lie::Nothing, |method, _| {
        (method == "import_key_material").then(|| refusal(Code::InvalidArgument, "InvalidCiphertextException", None))
    })
    .await;
    let (outcome, pauses, _) = walk(&client, symmetric().wrapping_key_spec(WrappingKeySpec::Rsa2048)).await;
    let Err(Error::Refused(refusal)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refusal.code.as_str(), pauses.len()), ("InvalidCiphertextException", 0));
}

#[tokio::test]
async fn a_service_that_shows_another_fingerprint_is_told_loudly() {
    let (_daemon, client) = connect(Lie::Fingerprint, |_, _| None).await;
    let (outcome, ..) = walk(&client, symmetric().wrapping_key_spec(WrappingKeySpec::Rsa2048)).await;
    let Err(Error::Local(mismatch @ Local::Mismatch { .. })) = outcome else { panic!("{outcome:?}") };
    assert!(mismatch.to_string().contains(&"ab".repeat(32)), "{mismatch}");
}

/// The owner of the material was told where it would be plain, and whose it would be.
#[tokio::test]
async fn a_set_that_is_not_what_was_asked_for_is_not_used() {
    for (lie, message) in [
        (Lie::Exposure, "parameters with host exposure HOST_MATERIAL, and its profile says TOKEN"),
        (Lie::Unbounded, "parameters with host exposure unknown, and its profile says TOKEN"),
        (Lie::Key, "parameters for something else than was asked for"),
    ] {
        let (_daemon, client) = connect(lie, |method, _| {
            assert_ne!(method, "import_key_material");
            None
        })
        .await;
        let (outcome, ..) = walk(&client, symmetric().wrapping_key_spec(WrappingKeySpec::Rsa2048)).await;
        let refusal = outcome.unwrap_err().to_string();
        assert_eq!(refusal, format!("the service answered what this client does not understand: {message}"));
    }
}

#[tokio::test]
async fn what_a_service_is_too_busy_to_say_is_not_taken_for_nothing() {
    let (_daemon, client) = connect(Lie::Nothing, |method, _| {
        let wait = Some(Duration::from_secs(1));
        (method == "get_token_profile").then(|| refusal(Code::ResourceExhausted, "ThrottlingException", wait))
    })
    .await;
    let refusal = symmetric().patience(Duration::from_millis(500)).plan(&client).await.unwrap_err();
    assert!(refusal.to_string().starts_with("ThrottlingException"), "{refusal}");
}

#[tokio::test]
async fn all_keys_are_listed_however_short_the_pages_are() {
    let pages = Arc::new(Mutex::new(0));
    let counted = pages.clone();
    let (daemon, client) = connect(Lie::Pages, move |method, _| {
        *counted.lock().unwrap() += usize::from(method == "list_keys");
        None
    })
    .await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(daemon.client().await.create_symmetric().await.key_id);
    }
    let all = client.list_all_keys().await.unwrap();
    assert!(made.iter().all(|key| all.iter().any(|listed| listed.id.as_str() == key)));
    assert!(*pages.lock().unwrap() >= all.len());
}

#[tokio::test]
async fn a_service_that_leads_in_a_circle_is_not_followed() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let (daemon, client) = connect(Lie::Circle, move |_, _| {
        let calls = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        (calls > 5).then(|| Status::aborted("it goes round and round"))
    })
    .await;
    for _ in 0..2 {
        daemon.client().await.create_symmetric().await;
    }
    let refusal = client.list_all_keys().await.unwrap_err().to_string();
    assert!(refusal.ends_with("NextMarker leads back to a page that was there before"), "{refusal}");
}

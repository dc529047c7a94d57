//! What holds for every call, whatever it does.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{Notify, oneshot};
use tonic::{Code, Request};
use tonic_types::StatusExt;

use super::Calls;
use crate::front::{self, Peer};
use crate::model::Action;
use crate::service::{Call, Error, Gate};

const X: Action = Action::DescribeKey;

/// Calls, and the folder with their policies and their audit log.
struct Desk {
    calls: Calls,
    folder: TempDir,
}

impl std::ops::Deref for Desk {
    type Target = Calls;

    fn deref(&self) -> &Calls {
        &self.calls
    }
}

impl Desk {
    /// The audit log's lines with an event.
    fn events(&self) -> Vec<serde_json::Value> {
        let log = std::fs::read_to_string(self.folder.path().join("audit.jsonl")).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter_map(|mut line| line.get_mut("event").map(serde_json::Value::take)).collect()
    }
}

fn calls(most: u32) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::example(folder.path());
    let calls = front::Calls::new(Arc::new(gate), most);
    Desk { calls: Calls::new(&calls), folder }
}

fn request() -> Request<()> {
    let mut request = Request::new(());
    request.extensions_mut().insert(Peer::loopback());
    request
}

fn hurried(timeout: &str) -> Request<()> {
    let mut request = request();
    request.metadata_mut().insert("grpc-timeout", timeout.parse().unwrap());
    request
}

#[tokio::test]
async fn an_answer_and_a_refusal_name_their_call() {
    let calls = calls(1);
    let answer = calls.read(X, request(), |call: Call, ()| async move { Ok(call) }).await.unwrap();
    let id = answer.metadata().get("x-keyferry-request-id").unwrap().to_str().unwrap();
    assert_eq!(id, answer.get_ref().request_id.to_string());
    assert_eq!(answer.get_ref().principal.name, "loopback");
    assert_eq!(answer.get_ref().principal.account.as_str(), "111122223333");

    let status = calls.read(X, request(), |_, ()| async { Err::<(), _>(Error::InvalidMarker) }).await.unwrap_err();
    let id = status.metadata().get("x-keyferry-request-id").unwrap().to_str().unwrap();
    assert_eq!(status.get_error_details().request_info().unwrap().request_id, id);
}

#[tokio::test]
async fn who_is_nobody_is_not_served() {
    let unnamed = Request::new(());
    let desk = calls(1);
    let status = desk.change(X, unnamed, |_, ()| async { Ok(()) }).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let [event] = &desk.events()[..] else { panic!("one line") };
    assert_eq!(
        (&event["errorCode"], &event["userIdentity"]["type"]),
        (&"UnrecognizedClientException".into(), &"Unknown".into())
    );
}

#[tokio::test]
async fn one_call_too_many_is_told_to_try_again() {
    let calls = calls(1);
    let (begun, has_begun) = oneshot::channel();
    let (end, ends) = oneshot::channel::<()>();
    let first = tokio::spawn({
        let calls = calls.calls.clone();
        async move {
            let use_case = |_, ()| async move {
                begun.send(()).unwrap();
                ends.await.unwrap();
                Ok(())
            };
            calls.change(X, request(), use_case).await
        }
    });
    has_begun.await.unwrap();
    let status = calls.read(X, request(), |_, ()| async { Ok(()) }).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.get_error_details().retry_info().unwrap().retry_delay, Some(Duration::from_secs(1)));

    end.send(()).unwrap();
    first.await.unwrap().unwrap();
    calls.read(X, request(), |_, ()| async { Ok(()) }).await.unwrap();
}

#[tokio::test]
async fn what_changes_something_ends_though_its_caller_leaves() {
    let calls = calls(1);
    let (begun, has_begun) = oneshot::channel();
    let go_on = Arc::new(Notify::new());
    let (done, is_done) = oneshot::channel();
    let waits = go_on.clone();
    let caller = tokio::spawn({
        let calls = calls.calls.clone();
        async move {
            let use_case = |_, ()| async move {
                begun.send(()).unwrap();
                waits.notified().await;
                done.send(()).unwrap();
                Ok(())
            };
            calls.change(X, request(), use_case).await
        }
    });
    has_begun.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    go_on.notify_one();
    is_done.await.unwrap();
    calls.calls.0.idle().await;
}

#[tokio::test]
async fn what_changes_nothing_stops_when_its_caller_leaves() {
    let calls = calls(1);
    let (begun, has_begun) = oneshot::channel();
    let (held, dropped) = oneshot::channel::<()>();
    let caller = tokio::spawn({
        let calls = calls.calls.clone();
        async move {
            let use_case = |_, ()| async move {
                let _held = held;
                begun.send(()).unwrap();
                std::future::pending::<Result<(), Error>>().await
            };
            calls.read(X, request(), use_case).await
        }
    });
    has_begun.await.unwrap();
    caller.abort();
    assert!(dropped.await.is_err(), "the sender went with the call");
    calls.calls.0.idle().await;
}

#[tokio::test]
async fn a_deadline_is_answered_and_what_changes_something_goes_on() {
    let calls = calls(1);
    let go_on = Arc::new(Notify::new());
    let (done, is_done) = oneshot::channel();
    let waits = go_on.clone();
    let use_case = |call: Call, ()| async move {
        assert!(call.deadline.is_some());
        waits.notified().await;
        done.send(()).unwrap();
        Ok(())
    };
    let status = calls.change(X, hurried("1m"), use_case).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    go_on.notify_one();
    is_done.await.unwrap();
}

#[tokio::test]
async fn a_panic_ends_one_call_and_frees_its_place() {
    let calls = calls(1);
    let panics = |_, ()| async { if true { panic!("on purpose: {}", "a detail") } else { Ok(()) } };
    let status = calls.change(X, request(), panics).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
    calls.read(X, request(), |_, ()| async { Ok(()) }).await.unwrap();
}

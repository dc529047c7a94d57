//! What every call has in common: who, until when, how many at once, and one line in the log.
//!
//! Each runs as a task of its own: a panic ends that one call, and what changes something runs to its end even when its
//! caller leaves, for a half-done import is worse than one that nobody waits for.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status};
use tracing::Instrument;
use uuid::Uuid;

use super::callers;
use super::deadline;
use super::record::Record;
use super::status::Refusal;
use crate::model::Action;
use crate::service::{Call, Entry, Error, Gate};

/// Names a call to its caller, in answers and refusals alike.
const REQUEST_ID: &str = "x-keyferry-request-id";

/// The calls in flight.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    gate: Arc<Gate>,
    slots: Arc<Semaphore>,
    most: u32,
}

/// What becomes of a call whose caller leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Abandoned {
    GoesOn,
    Stops,
}

impl Calls {
    pub(super) fn new(gate: Arc<Gate>, most: u32) -> Self {
        Self { gate, slots: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// Waits until none is in flight, and lets no more begin.
    pub(super) async fn idle(&self) {
        if let Ok(all) = self.slots.acquire_many(self.most).await {
            all.forget();
        }
    }

    /// Runs a call that changes nothing.
    pub(super) async fn read<Q, A, F>(
        &self,
        action: Action,
        request: Request<Q>,
        use_case: impl FnOnce(Call, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        A: Send + 'static,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        self.run(action, request, use_case, Abandoned::Stops).await
    }

    /// Runs a call that changes something, to its end.
    pub(super) async fn change<Q, A, F>(
        &self,
        action: Action,
        request: Request<Q>,
        use_case: impl FnOnce(Call, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        A: Send + 'static,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        self.run(action, request, use_case, Abandoned::GoesOn).await
    }

    async fn run<Q, A, F>(
        &self,
        action: Action,
        request: Request<Q>,
        use_case: impl FnOnce(Call, Q) -> F,
        abandoned: Abandoned,
    ) -> Result<Response<A>, Status>
    where
        A: Send + 'static,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        let request_id = Uuid::new_v4();
        let mut record = Record::begin(action.operation(), request_id);
        let result = match self.admit(&request, action, request_id, &mut record).await {
            Ok(Admitted { call, entry, slot }) => {
                let deadline = call.deadline;
                // The record's own line stays outside of the span, whose fields it has anyway.
                let span = tracing::info_span!("call", method = action.operation(), %request_id);
                let work = use_case(call, request.into_inner()).instrument(span);
                let task = async move {
                    let _slot = slot;
                    let result = written(entry, work.await.map_err(Refusal::from)).await;
                    record.finish(&result);
                    result
                };
                let task = tokio::spawn(task);
                let _stops = (abandoned == Abandoned::Stops).then(|| StopsWhenDropped(task.abort_handle()));
                let ended = match deadline {
                    Some(deadline) => tokio::time::timeout_at(deadline.into(), task).await,
                    None => Ok(task.await),
                };
                match ended {
                    Ok(Ok(result)) => result,
                    Ok(Err(_panicked)) => Err(Refusal::Panicked),
                    Err(_elapsed) => Err(Refusal::DeadlineExceeded),
                }
            }
            Err(refusal) => {
                let refused = Err(refusal);
                record.finish(&refused);
                refused
            }
        };
        let id = MetadataValue::try_from(request_id.to_string()).ok();
        match result {
            Ok(answer) => {
                let mut response = Response::new(answer);
                id.map(|id| response.metadata_mut().insert(REQUEST_ID, id));
                Ok(response)
            }
            Err(refusal) => {
                let mut status = refusal.into_status(request_id);
                id.map(|id| status.metadata_mut().insert(REQUEST_ID, id));
                Err(status)
            }
        }
    }

    async fn admit<Q>(
        &self,
        request: &Request<Q>,
        action: Action,
        request_id: Uuid,
        record: &mut Record,
    ) -> Result<Admitted, Refusal> {
        let caller = callers::of(request);
        let deadline = Some(deadline::of(request.metadata()));
        record.identify(caller.name.clone(), deadline);
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| Refusal::Throttled)?;
        let mut entry = self.gate.begin(action, caller, request_id)?;
        match entry.admit(deadline) {
            Ok(call) => Ok(Admitted { call, entry, slot }),
            Err(error) => written(entry, Err(error.into())).await,
        }
    }
}

/// A call that may begin, its line in the audit log, and its place among those in flight.
struct Admitted {
    call: Call,
    entry: Entry,
    slot: OwnedSemaphorePermit,
}

/// Writes how a call ended into the audit log: no answer leaves before it is there.
async fn written<T>(entry: Entry, result: Result<T, Refusal>) -> Result<T, Refusal> {
    let error = result.as_ref().err().map(|refusal| (refusal.reason(), refusal.message()));
    entry.end(error.as_ref().map(|(code, message)| (*code, message.as_str()))).await?;
    result
}

/// Ends a task with the future that waits for it.
struct StopsWhenDropped(AbortHandle);

impl Drop for StopsWhenDropped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests;

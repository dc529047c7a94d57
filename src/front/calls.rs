//! What every call has in common: who, until when, how many at once, and one line in the log.
//!
//! Each runs as a task of its own: a panic ends that one call, and what changes something runs to its end even when its
//! caller leaves, for a half-done import is worse than one that nobody waits for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tracing::Instrument;
use uuid::Uuid;

use super::record::{Ended, Record};
use super::refusal::Refusal;
use super::tally::Tally;
use crate::model::Action;
use crate::service::{Call, Caller, Entry, Error, Gate};

/// How long it may take to find out who calls, which can take the token.
const IDENTIFYING: Duration = Duration::from_secs(10);

/// The calls in flight. Clones share their places.
#[derive(Clone, Debug)]
pub struct Calls {
    gate: Arc<Gate>,
    slots: Arc<Semaphore>,
    most: u32,
    protocol: &'static str,
    outcome: fn(Ended<'_>) -> String,
    tally: Tally,
}

/// A call as it comes in.
#[derive(Debug)]
pub struct Arrival {
    /// Who calls.
    pub caller: Caller,
    /// When they stop waiting.
    pub deadline: Instant,
    /// Why they are not who they say.
    pub refused: Option<Error>,
    /// The place that their front gave them while nobody knew who they are; given back once that is settled.
    pub waiting: Option<OwnedSemaphorePermit>,
}

/// What becomes of a call whose caller leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Abandoned {
    GoesOn,
    Stops,
}

impl Calls {
    /// Places for `most` calls at once, of no protocol yet.
    pub fn new(gate: Arc<Gate>, most: u32) -> Self {
        let slots = Arc::new(Semaphore::new(most as usize));
        Self { gate, slots, most, protocol: "", outcome: |_| String::new(), tally: Tally::default() }
    }

    /// The same places, for callers of a protocol; `outcome` is what the log calls the ends of their calls.
    #[must_use]
    pub fn of_protocol(&self, protocol: &'static str, outcome: fn(Ended<'_>) -> String) -> Self {
        Self { protocol, outcome, ..self.clone() }
    }

    /// How calls ended, over every protocol.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many may be in flight at once.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Waits until none is in flight, and lets no more begin.
    pub async fn idle(&self) {
        if let Ok(all) = self.slots.acquire_many(self.most).await {
            all.forget();
        }
    }

    /// Runs a call that changes nothing. Returns its id too.
    pub async fn read<A, F>(
        &self,
        action: Action,
        arrival: impl Future<Output = Arrival>,
        use_case: impl FnOnce(Call) -> F,
    ) -> (Uuid, Result<A, Refusal>)
    where
        A: Send + 'static,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        self.run(action, arrival, use_case, Abandoned::Stops).await
    }

    /// Runs a call that changes something, to its end. Returns its id too.
    pub async fn change<A, F>(
        &self,
        action: Action,
        arrival: impl Future<Output = Arrival>,
        use_case: impl FnOnce(Call) -> F,
    ) -> (Uuid, Result<A, Refusal>)
    where
        A: Send + 'static,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        self.run(action, arrival, use_case, Abandoned::GoesOn).await
    }

    async fn run<A, F>(
        &self,
        action: Action,
        arrival: impl Future<Output = Arrival>,
        use_case: impl FnOnce(Call) -> F,
        abandoned: Abandoned,
    ) -> (Uuid, Result<A, Refusal>)
    where
        A: Send + 'static,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        let request_id = Uuid::new_v4();
        let mut record = Record::begin(action.operation(), request_id, self.protocol, self.outcome, self.tally.clone());
        let result = match self.admit(arrival, action, request_id, &mut record).await {
            Ok(Admitted { call, entry, slot }) => {
                let deadline = call.deadline;
                // The record's own line stays outside of the span, whose fields it has anyway.
                let span = tracing::info_span!("call", method = action.operation(), %request_id);
                let work = use_case(call).instrument(span);
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
        (request_id, result)
    }

    async fn admit(
        &self,
        arrival: impl Future<Output = Arrival>,
        action: Action,
        request_id: Uuid,
        record: &mut Record,
    ) -> Result<Admitted, Refusal> {
        let arrival = tokio::time::timeout(IDENTIFYING, arrival).await.map_err(|_| Refusal::DeadlineExceeded)?;
        let Arrival { caller, deadline, refused, waiting: _waiting } = arrival;
        record.identify(caller.name.clone(), Some(deadline));
        // The places of calls are for those who are known, and so is the room in the audit log.
        let slot = match &refused {
            None => Some(self.slots.clone().try_acquire_owned().map_err(|_| Refusal::Throttled)?),
            Some(_) if self.gate.hears_stranger() => None,
            Some(_) => return Err(Refusal::Throttled),
        };
        let mut entry = self.gate.begin(action, caller, request_id)?;
        let admitted = match refused {
            Some(refused) => Err(refused),
            None => entry.admit(Some(deadline)),
        };
        match admitted {
            Ok(call) => Ok(Admitted { call, entry, slot }),
            Err(error) => written(entry, Err(error.into())).await,
        }
    }
}

/// A call that may begin, its line in the audit log, and its place among those in flight.
struct Admitted {
    call: Call,
    entry: Entry,
    slot: Option<OwnedSemaphorePermit>,
}

/// Writes how a call ended into the audit log: no answer leaves before it is there.
async fn written<T>(entry: Entry, result: Result<T, Refusal>) -> Result<T, Refusal> {
    let error = result.as_ref().err().map(|refusal| (refusal.kind().as_str(), refusal.message()));
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

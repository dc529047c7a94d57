//! Calls as gRPC has them: metadata in, and an answer or a status out that names the call.

use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{deadline, status};
use crate::front::{self, Arrival, Peer, Refusal};
use crate::model::Action;
use crate::service::{Call, Error};

/// Names a call to its caller, in answers and refusals alike.
const REQUEST_ID: &str = "x-keyferry-request-id";

/// The calls in flight.
#[derive(Clone, Debug)]
pub(super) struct Calls(front::Calls);

impl Calls {
    pub(super) fn new(calls: &front::Calls) -> Self {
        Self(calls.of_protocol("grpc", status::outcome))
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
        let (arrival, request) = arrival(request);
        answer(self.0.read(action, async { arrival }, |call| use_case(call, request)).await)
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
        let (arrival, request) = arrival(request);
        answer(self.0.change(action, async { arrival }, |call| use_case(call, request)).await)
    }
}

fn arrival<Q>(request: Request<Q>) -> (Arrival, Q) {
    let user_agent = request.metadata().get("user-agent").and_then(|value| value.to_str().ok());
    let unnamed = Peer::unnamed();
    let peer = request.extensions().get::<Peer>().unwrap_or(&unnamed);
    let caller = peer.calls(user_agent);
    let deadline = deadline::of(request.metadata());
    (Arrival { caller, deadline, refused: None, waiting: None }, request.into_inner())
}

fn answer<A>((request_id, result): (Uuid, Result<A, Refusal>)) -> Result<Response<A>, Status> {
    let id = MetadataValue::try_from(request_id.to_string()).ok();
    match result {
        Ok(answer) => {
            let mut response = Response::new(answer);
            id.map(|id| response.metadata_mut().insert(REQUEST_ID, id));
            Ok(response)
        }
        Err(refusal) => {
            let mut status = status::status(&refusal, request_id);
            id.map(|id| status.metadata_mut().insert(REQUEST_ID, id));
            Err(status)
        }
    }
}

#[cfg(test)]
mod tests;

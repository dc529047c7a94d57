//! The JSON front: the reference's own protocol (AWS JSON 1.1), so that its clients work unchanged.
//!
//! `POST /`, the operation in `X-Amz-Target`, a signature of version 4 in `Authorization`. What comes over the wire becomes a call
//! of the service, and its answer or refusal goes back: the same calls, places and audit lines as the gRPC front's. Here stand
//! only the protocol's words for them.

mod answer;
mod body;
mod cryptography;
mod imports;
mod keys;
mod life;
mod members;
mod operations;
mod operator;
mod refusal;
mod strangers;
mod unserved;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::front::{Arrival, Calls, Peer};
use crate::service::Service;
use crate::sigv4::{Scope, Signed};

use body::{Body, Wire};
use refusal::Fault;
use strangers::Strangers;

/// How long a caller is waited for. The reference's clients give up after a minute.
const DEADLINE: Duration = Duration::from_secs(55);

/// Requests at once of which nobody knows yet whose they are: they have no place among the calls.
const STRANGERS: usize = 256;

/// What a signature must be for.
const SERVICE: &str = "kms";

/// The front over one [`Service`]. Clones are the same front.
#[derive(Clone, Debug)]
pub struct Front {
    service: Arc<Service>,
    calls: Calls,
    strangers: Strangers,
}

impl Front {
    /// A front whose callers have their places among `calls`.
    pub fn new(service: Arc<Service>, calls: &Calls) -> Self {
        Self { service, calls: calls.of_protocol("json", refusal::outcome), strangers: Strangers::new(STRANGERS) }
    }

    /// Answers one request of `peer`'s.
    pub async fn answer<B: Wire>(&self, peer: &Peer, request: Request<B>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        match self.answered(peer, parts, body).await {
            Ok((id, answer)) => answer::response(id, &answer),
            Err((id, fault)) => {
                if let Some(reason) = fault.unrecorded() {
                    tracing::info!(target: "request", request_id = %id, reason, address = ?peer.address);
                }
                refusal::response(id, &fault)
            }
        }
    }

    async fn answered<B: Wire>(&self, peer: &Peer, parts: Parts, body: B) -> Result<(Uuid, answer::Answer), (Uuid, Fault)> {
        let early = |fault: Fault| (Uuid::new_v4(), fault);
        if parts.method != Method::POST || parts.uri.path() != "/" {
            return Err(early(Fault::elsewhere()));
        }
        let target = target(&parts.headers).map_err(early)?.to_owned();
        let place = self.strangers.enter().await.ok_or_else(|| early(Fault::busy()))?;
        let (body, waiting) = place.wait_for(body::read(body)).await.ok_or_else(|| early(Fault::outwaited()))?;
        let body = body.map_err(early)?;
        let arrival = self.arrival(peer, &parts, &body, waiting);
        match operations::run(self, &target, arrival, &body).await {
            Some((id, Ok(answer))) => Ok((id, answer)),
            Some((id, Err(refusal))) => Err((id, Fault::Refused(refusal))),
            None => Err(early(unserved::fault(&target))),
        }
    }

    /// Finds out who signed a request.
    async fn arrival(&self, peer: &Peer, parts: &Parts, body: &[u8], waiting: OwnedSemaphorePermit) -> Arrival {
        let deadline = Instant::now() + DEADLINE;
        let user_agent = parts.headers.get("user-agent").and_then(|value| value.to_str().ok());
        let mut caller = peer.calls(user_agent);
        let region = &self.service.realm().region;
        let signed = Signed::read(parts, body, &Scope { region, service: SERVICE }, time::OffsetDateTime::now_utc());
        let (access_key, named) = match signed {
            Ok(signed) => self.service.authenticate(&signed).await,
            Err(refused) => (None, Err(refused.into())),
        };
        caller.access_key_id = access_key.map(|id| id.as_str().to_owned());
        let refused = match named {
            Ok(name) => {
                caller.name = Some(name);
                None
            }
            Err(error) => Some(error),
        };
        Arrival { caller, deadline, refused, waiting: Some(waiting) }
    }
}

/// The operation, with what stands before it.
fn target(headers: &HeaderMap) -> Result<&str, Fault> {
    let mut targets = headers.get_all("x-amz-target").iter();
    let (Some(target), None) = (targets.next(), targets.next()) else { return Err(Fault::no_target()) };
    target.to_str().map_err(|_| Fault::no_target())
}

#[cfg(test)]
mod tests;

//! Calls to a service: one after the other, or many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keyferry::model::{WrappingAlgorithm, WrappingKeySpec};
use tokio::task::JoinSet;

use super::samples::{Samples, timed};
use crate::harness::{Client, Refusal};

/// The algorithm of every call: with no help of the host SoftHSM2 serves those with SHA-1, and no figure depends on the hash.
pub const ALGORITHM: WrappingAlgorithm = WrappingAlgorithm::RsaesOaepSha1;

/// What became of many calls.
pub struct Outcome {
    pub samples: Samples,
    /// How many were refused, and why the first one was.
    pub refused: usize,
    pub refusal: Option<Refusal>,
}

/// GetParametersForImport, once.
pub async fn issue(client: &Client, key: &str, spec: WrappingKeySpec) -> Duration {
    let (took, answer) = timed(client.parameters(key, ALGORITHM, spec)).await;
    answer.unwrap();
    took
}

/// Makes `calls` calls, `in_flight` at once; `call` is given their numbers.
pub async fn at_once<C, F>(calls: usize, in_flight: usize, call: C) -> Outcome
where
    C: Fn(usize) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), Refusal>> + Send,
{
    as_long_as(move |number| number < calls, in_flight, call).await
}

/// Makes calls as long as there is to be one of the next number, `in_flight` at once.
pub async fn as_long_as<M, C, F>(more: M, in_flight: usize, call: C) -> Outcome
where
    M: Fn(usize) -> bool + Send + Sync + 'static,
    C: Fn(usize) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), Refusal>> + Send,
{
    let (more, call, next) = (Arc::new(more), Arc::new(call), Arc::new(AtomicUsize::new(0)));
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..in_flight {
        let (more, call, next) = (Arc::clone(&more), Arc::clone(&call), Arc::clone(&next));
        callers.spawn(async move {
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if !more(number) {
                    return made;
                }
                made.push(timed(call(number)).await);
            }
        });
    }
    let made: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    let elapsed = began.elapsed();
    let mut refusals: Vec<_> = made.iter().filter_map(|(_, answer)| answer.as_ref().err().cloned()).collect();
    let samples = Samples::within(made.into_iter().map(|(took, _)| took).collect(), elapsed);
    Outcome { samples, refused: refusals.len(), refusal: refusals.pop() }
}

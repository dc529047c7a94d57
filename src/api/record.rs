//! One line in the log for every request, however it ends.

use std::error::Error;
use std::time::Instant;

use tonic::Code;
use uuid::Uuid;

use super::status::Refusal;
use crate::service::Kind;

/// A request under way. Logs its line when it is dropped, so that one which is abandoned or panics has its line too.
#[derive(Debug)]
pub(super) struct Record {
    method: &'static str,
    request_id: Uuid,
    principal: Option<String>,
    deadline: Option<Instant>,
    began: Instant,
    outcome: Option<(Code, Option<&'static str>)>,
}

impl Record {
    pub(super) fn begin(method: &'static str, request_id: Uuid) -> Self {
        Self { method, request_id, principal: None, deadline: None, began: Instant::now(), outcome: None }
    }

    /// Who calls and until when they wait.
    pub(super) fn identify(&mut self, principal: Option<String>, deadline: Option<Instant>) {
        self.principal = principal;
        self.deadline = deadline;
    }

    /// The end. What is ours to fix has its causes logged here, once, because the caller is not told them.
    pub(super) fn finish<T>(mut self, result: &Result<T, Refusal>) {
        self.outcome = Some(match result {
            Ok(_) => (Code::Ok, None),
            Err(refusal) => (refusal.code(), Some(refusal.reason())),
        });
        if let Err(Refusal::Service(error)) = result
            && matches!(error.kind(), Kind::DependencyTimeout | Kind::Internal)
            && let Some(causes) = causes(error)
        {
            tracing::error!(target: "request", method = self.method, request_id = %self.request_id, causes);
        }
    }

    fn unfinished(&self) -> (Code, Option<&'static str>) {
        if std::thread::panicking() {
            (Refusal::Panicked.code(), Some(Refusal::Panicked.reason()))
        } else if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            (Refusal::DeadlineExceeded.code(), Some(Refusal::DeadlineExceeded.reason()))
        } else {
            (Code::Cancelled, None)
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let (code, reason) = self.outcome.unwrap_or_else(|| self.unfinished());
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "request",
            method = self.method,
            principal = self.principal,
            request_id = %self.request_id,
            code = ?code,
            reason,
            milliseconds,
        );
    }
}

/// The sources of an error, outermost first; `None` where the error says everything itself.
fn causes(error: &dyn Error) -> Option<String> {
    let mut source = error.source()?;
    let mut causes = source.to_string();
    while let Some(deeper) = source.source() {
        causes.push_str(": ");
        causes.push_str(&deeper.to_string());
        source = deeper;
    }
    Some(causes)
}

//! One line in the log for every request, however it ends, and one more in the counts.

use std::error::Error;
use std::time::Instant;

use uuid::Uuid;

use super::refusal::Refusal;
use super::tally::Tally;
use crate::service::Kind;

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub enum Ended<'a> {
    /// It was answered.
    Answered,
    /// It was refused.
    Refused(&'a Refusal),
    /// Its caller left.
    Abandoned,
}

/// A request under way. Logs its line when it is dropped, so that one which is abandoned or panics has its line too.
#[derive(Debug)]
pub(super) struct Record {
    method: &'static str,
    request_id: Uuid,
    principal: Option<String>,
    deadline: Option<Instant>,
    began: Instant,
    protocol: &'static str,
    outcome: fn(Ended<'_>) -> String,
    tally: Tally,
    ended: Option<Named>,
}

/// What an end is called.
#[derive(Debug)]
struct Named {
    /// By the front's protocol.
    code: String,
    /// The reference's name of the error, where there is one.
    reason: Option<&'static str>,
    /// In the counts.
    counted: &'static str,
}

impl Record {
    /// `outcome` is what the front's protocol calls the end of a call.
    pub(super) fn begin(
        method: &'static str,
        request_id: Uuid,
        protocol: &'static str,
        outcome: fn(Ended<'_>) -> String,
        tally: Tally,
    ) -> Self {
        tally.begun();
        let began = Instant::now();
        Self { method, request_id, principal: None, deadline: None, began, protocol, outcome, tally, ended: None }
    }

    /// Who calls and until when they wait.
    pub(super) fn identify(&mut self, principal: Option<String>, deadline: Option<Instant>) {
        self.principal = principal;
        self.deadline = deadline;
    }

    /// The end. What is ours to fix has its causes logged here, once, because the caller is not told them.
    pub(super) fn finish<T>(mut self, result: &Result<T, Refusal>) {
        self.ended = Some(match result {
            Ok(_) => self.named(Ended::Answered),
            Err(refusal) => self.named(Ended::Refused(refusal)),
        });
        if let Err(Refusal::Service(error)) = result
            && matches!(error.kind(), Kind::DependencyTimeout | Kind::Internal)
            && let Some(causes) = causes(error)
        {
            tracing::error!(target: "request", method = self.method, request_id = %self.request_id, causes);
        }
    }

    fn named(&self, ended: Ended<'_>) -> Named {
        let (reason, counted) = match ended {
            Ended::Refused(refusal) => (Some(refusal.kind().as_str()), refusal.kind().as_str()),
            Ended::Answered => (None, "OK"),
            Ended::Abandoned => (None, "RequestAbandoned"),
        };
        Named { code: (self.outcome)(ended), reason, counted }
    }

    fn unfinished(&self) -> Named {
        if std::thread::panicking() {
            self.named(Ended::Refused(&Refusal::Panicked))
        } else if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            self.named(Ended::Refused(&Refusal::DeadlineExceeded))
        } else {
            self.named(Ended::Abandoned)
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Named { code, reason, counted } = self.ended.take().unwrap_or_else(|| self.unfinished());
        let took = self.began.elapsed();
        self.tally.ended(self.method, self.protocol, counted, took);
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "request",
            method = self.method,
            principal = self.principal,
            request_id = %self.request_id,
            code,
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

//! What the service says where it says no.

use std::time::Duration;

use tonic::Code;

/// A refusal, as the service gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reference's name of the error, for example `NotFoundException`; where the service itself did not speak, the name of
    /// the gRPC code.
    pub code: String,
    /// In words.
    pub message: String,
    /// What the service's log knows the call by.
    pub request_id: Option<String>,
    /// How long the service asks to wait before the same is tried again.
    pub retry_after: Option<Duration>,
    /// The gRPC code.
    pub status: Code,
}

impl Refusal {
    /// Whether the very same call may succeed a little later.
    pub fn is_passing(&self) -> bool {
        self.retry_after.is_some() || matches!(self.status, Code::Unavailable | Code::DeadlineExceeded)
    }
}

impl std::error::Error for Refusal {}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message.replace(char::is_control, " "))?;
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}

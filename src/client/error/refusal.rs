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
        // Somebody else's words: on a terminal they are to do nothing but to be read.
        let plain = |words: &str| words.replace(char::is_control, " ");
        write!(f, "{}: {}", plain(&self.code), plain(&self.message))?;
        match &self.request_id {
            Some(id) => write!(f, " (request id {})", plain(id)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_refusal_moves_a_cursor() {
        let words = |words: &str| format!("\x1b[2J{words}\n\u{9b}");
        let refusal = Refusal {
            code: words("Code"),
            message: words("message"),
            request_id: Some(words("id")),
            retry_after: None,
            status: Code::Aborted,
        };
        assert_eq!(refusal.to_string(), " [2JCode  :  [2Jmessage   (request id  [2Jid  )");
    }
}

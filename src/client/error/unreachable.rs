//! Why there is no connection.

/// There is no connection, and nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not connect to the endpoint URL: {url:?}: {cause}")]
pub struct Unreachable {
    url: String,
    cause: String,
    passing: bool,
}

impl Unreachable {
    /// The network's fault, which may pass.
    pub(in crate::client) fn network(url: &str, cause: impl std::fmt::Display) -> Self {
        Self { url: url.to_owned(), cause: cause.to_string(), passing: true }
    }

    /// The two sides do not trust each other, which will not pass.
    pub(in crate::client) fn trust(url: &str, cause: impl std::fmt::Display) -> Self {
        Self { url: url.to_owned(), cause: cause.to_string(), passing: false }
    }

    /// Whether trying again can help: not where one side does not believe the other's certificate.
    pub fn is_passing(&self) -> bool {
        self.passing
    }
}

//! Why a call was not answered as hoped, sorted by what the caller can know: nothing was sent, nobody knows, or it was refused.

mod local;
mod misconfigured;
mod refusal;
mod status;
mod unreachable;
pub(super) mod untrusted;
mod unusable;

pub use local::Local;
pub use misconfigured::{Misconfigured, Setting};
pub use refusal::Refusal;
pub(super) use status::{NOT_IN_TIME, of_status};
pub use unreachable::Unreachable;
pub use untrusted::Untrusted;
pub use unusable::Unusable;

/// Why a call was not answered as hoped. Displays as one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The endpoint is not one that can be called.
    #[error(transparent)]
    Configuration(#[from] Misconfigured),
    /// There is no connection, and nothing was sent.
    #[error(transparent)]
    Connection(#[from] Unreachable),
    /// Something on this side.
    #[error(transparent)]
    Local(#[from] Local),
    /// It was sent, and then the transport broke or the time was over: it may be done or not.
    #[error("the connection was lost, and what was asked may be done or not: {0}")]
    Lost(String),
    /// The service, or what stands before it, said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Unusable> for Error {
    fn from(error: Unusable) -> Self {
        Self::Local(error.into())
    }
}

impl Error {
    /// Whether the very same call may succeed a little later, for what it met passes: a service that starts again, a busy token.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Configuration(_) | Self::Local(_) => false,
            Self::Connection(unreachable) => unreachable.is_passing(),
            Self::Lost(_) => true,
            Self::Refused(refusal) => refusal.is_passing(),
        }
    }
}

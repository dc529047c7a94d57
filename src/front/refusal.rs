//! Why a call is not answered, before any protocol's words for it.

use std::time::Duration;

use crate::service::{self, Kind};

/// The service's reasons, and those of a front itself.
#[derive(Debug)]
pub enum Refusal {
    /// The caller's time is over. What changes something goes on.
    DeadlineExceeded,
    /// A fault of ours.
    Panicked,
    /// As the service says.
    Service(service::Error),
    /// Too many calls in flight.
    Throttled,
}

impl Refusal {
    /// What kind of error it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::DeadlineExceeded => Kind::DependencyTimeout,
            Self::Panicked => Kind::Internal,
            Self::Service(error) => error.kind(),
            Self::Throttled => Kind::Throttling,
        }
    }

    /// The message for the caller, in full.
    pub fn message(&self) -> String {
        match self {
            Self::DeadlineExceeded => "the call was not done by its deadline; what it changes may be done yet".to_owned(),
            Self::Panicked => "internal error".to_owned(),
            Self::Service(error) if error.kind() == Kind::Internal => "internal error".to_owned(),
            Self::Service(error) => error.to_string(),
            Self::Throttled => "too many calls at once: try again".to_owned(),
        }
    }

    /// The field that is to blame, in lowerCamelCase.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Service(error) => error.field(),
            Self::DeadlineExceeded | Self::Panicked | Self::Throttled => None,
        }
    }

    /// How long to wait before trying again, where that can help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Service(error) => error.retry_after(),
            Self::Throttled => Some(Duration::from_secs(1)),
            Self::DeadlineExceeded | Self::Panicked => None,
        }
    }
}

impl From<service::Error> for Refusal {
    fn from(error: service::Error) -> Self {
        Self::Service(error)
    }
}

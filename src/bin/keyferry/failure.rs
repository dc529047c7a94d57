//! What went wrong, in the reference CLI's words, with what to do about it on the next line.

mod material;
mod remedy;

use anyhow::anyhow;
use keyferry::client::{self, Local};

use crate::clean::clean_line;
pub(crate) use material::{of_public_key, of_unread, sentence};

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line, or a file that stands for a part of it.
    Usage(String),
    /// The profile, the endpoint, the certificates or the policies are missing or wrong.
    Configuration(anyhow::Error),
    /// Something else on this side or on the way: a file, the material, a service that is not there.
    Local(anyhow::Error),
    /// The service said no.
    Service { operation: String, refusal: Box<client::Refusal>, note: Option<String> },
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Local(error)
    }
}

impl Failure {
    /// A command line that cannot be followed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// What became of calling `operation`.
    pub(crate) fn of(operation: &str, error: client::Error) -> Self {
        match error {
            client::Error::Refused(refusal) => {
                Self::Service { operation: operation.to_owned(), refusal: Box::new(refusal), note: None }
            }
            client::Error::Configuration(error) => {
                Self::Configuration(anyhow!("{error}\n{}", remedy::of_setting(error.setting())))
            }
            client::Error::Local(Local::Material(error)) => error.into(),
            client::Error::Local(Local::Parameters(error)) => error.into(),
            client::Error::Local(Local::Untrusted(error)) => error.into(),
            error => match remedy::of_way(&error) {
                Some(remedy) => Self::Local(anyhow!("{error}\n{remedy}")),
                None => Self::Local(error.into()),
            },
        }
    }

    /// The same with another line of advice, where nobody answered.
    pub(crate) fn advised(self, advice: &str) -> Self {
        match self {
            Self::Local(error) => {
                let message = format!("{error:#}");
                Self::Local(anyhow!("{}\n{advice}", message.lines().next().unwrap_or_default()))
            }
            other => other,
        }
    }

    /// The same with one line more.
    pub(crate) fn noted(self, note: String) -> Self {
        match self {
            Self::Usage(message) => Self::Usage(format!("{message}\n{note}")),
            Self::Configuration(error) => Self::Configuration(anyhow!("{error:#}\n{note}")),
            Self::Local(error) => Self::Local(anyhow!("{error:#}\n{note}")),
            Self::Service { operation, refusal, .. } => Self::Service { operation, refusal, note: Some(note) },
        }
    }

    /// All that is said.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Usage(message) => message.clone(),
            Self::Configuration(error) | Self::Local(error) => format!("{error:#}"),
            Self::Service { operation, refusal, note } => {
                let client::Refusal { code, message, request_id, .. } = &**refusal;
                let request = request_id.as_ref().map(|id| format!("\nRequest id: {}", clean_line(id))).unwrap_or_default();
                let remedy = remedy::of(operation, refusal);
                let note = note.as_ref().map(|note| format!("\n{note}")).unwrap_or_default();
                // Somebody else's words: they are to move no cursor and to look like none of ours.
                let [code, message] = [code, message].map(|words| clean_line(words));
                format!(
                    "An error occurred ({code}) when calling the {operation} operation: {message}\n{remedy}{note}{request}"
                )
            }
        }
    }
}

//! What went wrong, said and answered as the reference CLI does: the error on stderr, the kind of it in the exit code.

use std::error::Error;
use std::process::ExitCode;

use tonic::Status;
use tonic_types::StatusExt;

use crate::output;

/// Exit codes of the reference CLI, version 2.
const USAGE: u8 = 252;
const CONFIGURATION: u8 = 253;
const SERVICE: u8 = 254;
const OTHER: u8 = 255;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The endpoint or the certificates are missing or wrong.
    Configuration(anyhow::Error),
    /// The service could not be reached.
    Connection(anyhow::Error),
    /// Something on this side: a file, the material, parameters past their time.
    Local(anyhow::Error),
    /// The service said no.
    Service { operation: &'static str, status: Box<Status> },
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Local(error)
    }
}

/// What becomes of a refusal of `operation`.
pub(crate) fn refused(operation: &'static str) -> impl FnOnce(Status) -> Failure {
    move |status| Failure::Service { operation, status: Box::new(status) }
}

/// Says what was wrong with the command line, or what was asked about it.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    output::explain(error);
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

impl Failure {
    /// Says it, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        output::complain(&format!("\n{}\n", self.message()));
        ExitCode::from(match self {
            Self::Configuration(_) => CONFIGURATION,
            Self::Connection(_) | Self::Service { .. } => SERVICE,
            Self::Local(_) => OTHER,
        })
    }

    fn message(&self) -> String {
        match self {
            Self::Configuration(error) | Self::Connection(error) | Self::Local(error) => format!("{error:#}"),
            Self::Service { operation, status } => service_message(operation, status),
        }
    }
}

fn service_message(operation: &str, status: &Status) -> String {
    let info = status.get_details_error_info();
    let (code, message) = match &info {
        Some(info) => (info.reason.clone(), status.message().to_owned()),
        // Not from the service's rules: its transport, or what stands before it.
        None => (format!("{:?}", status.code()), with_causes(status)),
    };
    let request = info.and_then(|mut info| info.metadata.remove("request_id"));
    let request = request.map(|id| format!("\nRequest id: {id}")).unwrap_or_default();
    format!("An error occurred ({code}) when calling the {operation} operation: {message}{request}")
}

fn with_causes(status: &Status) -> String {
    let mut message = status.message().to_owned();
    let mut next = status.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // Layers of a transport like to repeat each other.
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        next = cause.source();
    }
    message
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use tonic::Code;
    use tonic_types::ErrorDetails;

    #[test]
    fn a_refusal_reads_as_the_reference_cli_has_it() {
        let metadata = std::collections::HashMap::from([("request_id".to_owned(), "r-1".to_owned())]);
        let details = ErrorDetails::with_error_info("KMSInvalidStateException", "keyferry", metadata);
        let status = Status::with_error_details(Code::FailedPrecondition, "arn:x is pending deletion.", details);
        assert_eq!(
            refused("ImportKeyMaterial")(status).message(),
            "An error occurred (KMSInvalidStateException) when calling the ImportKeyMaterial operation: \
             arn:x is pending deletion.\nRequest id: r-1"
        );
    }

    #[test]
    fn what_is_not_the_services_own_has_the_transports_name() {
        assert_eq!(
            refused("DescribeKey")(Status::deadline_exceeded("timeout expired")).message(),
            "An error occurred (DeadlineExceeded) when calling the DescribeKey operation: timeout expired"
        );
    }
}

//! From what the transport hands up to what a caller can act on.

use std::error::Error as Cause;

use tonic::Status;
use tonic_types::StatusExt;

use super::{Error, Refusal, Unreachable};

/// Said where the caller's own time is over.
pub(in crate::client) const NOT_IN_TIME: &str = "there was no answer in time";

/// What a failed call came to.
pub(in crate::client) fn of_status(status: &Status) -> Error {
    let details = status.get_error_details();
    if let Some(info) = details.error_info() {
        return Error::Refused(Refusal {
            code: info.reason.clone(),
            message: status.message().to_owned(),
            request_id: info.metadata.get("request_id").cloned(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            status: status.code(),
        });
    }
    if let Some(unreachable) = causes(status).find_map(|cause| cause.downcast_ref::<Unreachable>()) {
        return Error::Connection(unreachable.clone());
    }
    if causes(status).any(|cause| cause.is::<tonic::TimeoutExpired>()) {
        return Error::Lost(NOT_IN_TIME.to_owned());
    }
    if status.source().is_some() {
        return Error::Lost(with_causes(status));
    }
    // Not from the service's rules: what stands before it.
    Error::Refused(Refusal {
        code: format!("{:?}", status.code()),
        message: status.message().to_owned(),
        request_id: None,
        retry_after: None,
        status: status.code(),
    })
}

fn causes(status: &Status) -> impl Iterator<Item = &(dyn Cause + 'static)> {
    std::iter::successors(status.source(), |cause| beneath(*cause))
}

fn beneath<'a>(cause: &'a (dyn Cause + 'static)) -> Option<&'a (dyn Cause + 'static)> {
    // The `source` of an I/O error is the source of the error that it holds, and passes over that itself.
    let held = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    held.map(|held| held as &(dyn Cause + 'static)).or_else(|| cause.source())
}

fn with_causes(status: &Status) -> String {
    let mut message = status.message().to_owned();
    for cause in causes(status) {
        let text = cause.to_string();
        // Layers of a transport like to repeat each other.
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tonic::Code;
    use tonic_types::ErrorDetails;

    #[test]
    fn a_refusal_has_the_references_name_and_what_the_service_says_of_it() {
        let metadata = std::collections::HashMap::from([("request_id".to_owned(), "r-1".to_owned())]);
        let mut details = ErrorDetails::with_error_info("KMSInvalidStateException", "keyferry", metadata);
        details.set_retry_info(Some(Duration::from_secs(1)));
        let status = Status::with_error_details(Code::FailedPrecondition, "arn:x is pending\ndeletion.", details);
        let Error::Refused(refusal) = of_status(&status) else { panic!("not a refusal") };
        assert_eq!(
            (refusal.code.as_str(), refusal.status, refusal.request_id.as_deref(), refusal.retry_after),
            ("KMSInvalidStateException", Code::FailedPrecondition, Some("r-1"), Some(Duration::from_secs(1)))
        );
        assert_eq!(refusal.to_string(), "KMSInvalidStateException: arn:x is pending deletion. (request id r-1)");
        assert!(refusal.is_passing());
    }

    #[test]
    fn what_is_not_the_services_own_has_the_codes_name() {
        let error = of_status(&Status::unimplemented("no such service"));
        assert_eq!(error.to_string(), "Unimplemented: no such service");
        assert!(!error.is_passing());
        assert!(of_status(&Status::unavailable("502")).is_passing());
    }

    #[test]
    fn a_broken_transport_leaves_the_outcome_open_and_shows_its_causes() {
        let broken = std::io::Error::other(std::fmt::Error);
        let error = of_status(&Status::from_error(Box::new(broken)));
        assert!(matches!(error, Error::Lost(_)), "{error:?}");
        let pipe = tonic::ConnectError(Box::new(std::io::Error::from(std::io::ErrorKind::BrokenPipe)));
        let error = of_status(&Status::from_error(Box::new(pipe)));
        assert!(matches!(&error, Error::Lost(said) if said.contains("broken pipe")), "{error:?}");
        // An alert may come in the middle of a call; the one about the caller's certificate is waited for before the first.
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        let alert = std::io::Error::new(std::io::ErrorKind::InvalidData, alert);
        let error = of_status(&Status::from_error(Box::new(alert)));
        assert!(matches!(&error, Error::Lost(said) if said.contains("CertificateRequired")), "{error:?}");
    }

    #[test]
    fn where_there_was_no_connection_nothing_was_sent() {
        let refused = tonic::ConnectError(Box::new(Unreachable::network("https://x", "Connection refused")));
        let error = of_status(&Status::from_error(Box::new(refused)));
        assert_eq!(error.to_string(), "could not connect to the endpoint URL: \"https://x\": Connection refused");
        assert!(error.is_passing());
    }
}

//! Refusals on the wire: a name in `__type`, the reference's words in `message`, and the HTTP status.

use std::time::Duration;

use http::header::{CONNECTION, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::answer::{name, structure};
use super::body::{self, Body};
use crate::front::{Ended, Refusal};
use crate::model::Refused;
use crate::service::{Error, Kind};

const TOO_MANY: &str = "too many requests at once: try again";

/// Why a request is not answered.
#[derive(Debug)]
pub(super) enum Fault {
    /// As the service says.
    Refused(Refusal),
    /// It is none of this protocol's, or of no operation that is served.
    Protocol {
        /// What the reference calls it.
        reason: &'static str,
        /// The status of HTTP.
        status: StatusCode,
        /// What is wrong.
        message: String,
        /// Whether what else comes over the connection could not be told from the rest of this.
        is_the_last: bool,
    },
}

impl Fault {
    pub(super) fn protocol(reason: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self::Protocol { reason, status, message: message.into(), is_the_last: false }
    }

    fn last(reason: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self::Protocol { reason, status, message: message.into(), is_the_last: true }
    }

    /// Not `POST /`.
    pub(super) fn elsewhere() -> Self {
        Self::last("UnknownOperationException", StatusCode::NOT_FOUND, "there is POST / and nothing else")
    }

    /// No operation is named.
    pub(super) fn no_target() -> Self {
        let message = "expected one X-Amz-Target header, for example TrentService.DescribeKey";
        Self::last("UnknownOperationException", StatusCode::BAD_REQUEST, message)
    }

    /// As many strangers are at the door as may be.
    pub(super) fn busy() -> Self {
        Self::protocol(Kind::Throttling.as_str(), StatusCode::BAD_REQUEST, TOO_MANY)
    }

    /// Of those, this one had kept a place for the longest.
    pub(super) fn outwaited() -> Self {
        Self::last(Kind::Throttling.as_str(), StatusCode::BAD_REQUEST, TOO_MANY)
    }

    /// What the log is to say of it, where no call has a line of its own.
    pub(super) fn unrecorded(&self) -> Option<&'static str> {
        match self {
            Self::Refused(_) => None,
            Self::Protocol { reason, .. } => Some(reason),
        }
    }

    pub(super) fn too_large(most: usize) -> Self {
        let message = format!("the body is longer than {most} bytes");
        Self::last("RequestEntityTooLargeException", StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    pub(super) fn too_slow(patience: Duration) -> Self {
        let message = format!("the body did not come within {} s", patience.as_secs());
        Self::last("RequestTimeoutException", StatusCode::REQUEST_TIMEOUT, message)
    }

    pub(super) fn broken_off() -> Self {
        Self::last("SerializationException", StatusCode::BAD_REQUEST, "the body broke off")
    }
}

/// Refusals that the reference says nothing about: it answers their names alone.
fn is_silent(refusal: &Refusal) -> bool {
    // Of a kind that has words otherwise.
    let of_rotation = matches!(refusal, Refusal::Service(Error::Key { refused: Refused::NotRotatable, .. }));
    of_rotation || is_silent_kind(refusal.kind())
}

fn is_silent_kind(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ExpiredImportToken
            | Kind::IncorrectKeyMaterial
            | Kind::InvalidCiphertext
            | Kind::InvalidImportToken
            | Kind::KmsInvalidMac
            | Kind::KmsInvalidSignature
    )
}

/// 400 for what is the caller's to change, 500 for what is not: the reference's clients try the latter again.
fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::DependencyTimeout | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// What the log calls the end of a call.
pub(super) fn outcome(ended: Ended<'_>) -> String {
    match ended {
        Ended::Answered => StatusCode::OK.as_str().to_owned(),
        Ended::Refused(refusal) => status(refusal.kind()).as_str().to_owned(),
        // As some servers have it, which the protocol has no number for.
        Ended::Abandoned => "499".to_owned(),
    }
}

/// The refusal as it goes over the wire.
pub(super) fn response(request_id: Uuid, fault: &Fault) -> Response<Body> {
    let (reason, status, message, retry_after, is_the_last) = match fault {
        Fault::Refused(refusal) => {
            let kind = refusal.kind();
            let message = (!is_silent(refusal)).then(|| refusal.message()).filter(|message| !message.is_empty());
            (kind.as_str(), status(kind), message, refusal.retry_after(), false)
        }
        Fault::Protocol { reason, status, message, is_the_last } => {
            (*reason, *status, Some(message.clone()), None, *is_the_last)
        }
    };
    let body = structure([("__type", reason.into()), ("message", message.into())]);
    let mut response = Response::new(body::of(Zeroizing::new(body.to_string().into_bytes())));
    *response.status_mut() = status;
    name(&mut response, request_id);
    let headers = response.headers_mut();
    headers.insert("x-amzn-errortype", HeaderValue::from_static(reason));
    if let Some(delay) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)));
    }
    if is_the_last {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind, spelled out a second time: a change here must be made on purpose.
    #[test]
    fn only_what_may_be_tried_again_is_ours_and_some_kinds_say_nothing() {
        for kind in Kind::ALL {
            let response = response(Uuid::nil(), &Fault::Refused(Error::example(*kind).into()));
            let ours = ["DependencyTimeoutException", "KMSInternalException"].contains(&kind.as_str());
            assert_eq!(response.status(), if ours { 500 } else { 400 }, "{kind}");
            assert_eq!(response.headers()["x-amzn-errortype"], kind.as_str());
            assert_eq!(response.headers()["x-amzn-requestid"], Uuid::nil().to_string());
            assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
        }
        let silent: Vec<&str> = Kind::ALL.iter().filter(|kind| is_silent_kind(**kind)).map(|kind| kind.as_str()).collect();
        let expected = [
            "ExpiredImportTokenException",
            "IncorrectKeyMaterialException",
            "InvalidCiphertextException",
            "InvalidImportTokenException",
            "KMSInvalidMacException",
            "KMSInvalidSignatureException",
        ];
        assert_eq!(silent, expected);
    }
}

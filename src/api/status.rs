//! Refusals on the wire: the code, and the details of `google.rpc` that programs act on.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use uuid::Uuid;

use crate::front::{Ended, Refusal};
use crate::model::names;
use crate::service::Kind;

/// The domain of every ErrorInfo.
const DOMAIN: &str = "keyferry";

/// The most characters of a message that are sent. Headers carry it, three times over, and clients take 16 KiB of headers.
const MAX_MESSAGE: usize = 512;

/// The code of a refusal.
pub(super) fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::DeadlineExceeded => Code::DeadlineExceeded,
        other => of_kind(other.kind()),
    }
}

/// What the log calls the end of a call.
pub(super) fn outcome(ended: Ended<'_>) -> String {
    let code = match ended {
        Ended::Answered => Code::Ok,
        Ended::Refused(refusal) => code(refusal),
        Ended::Abandoned => Code::Cancelled,
    };
    format!("{code:?}")
}

/// A refusal as it goes over the wire.
pub(super) fn status(refusal: &Refusal, request_id: Uuid) -> Status {
    let (message, request_id) = (shortened(refusal.message()), request_id.to_string());
    let mut details = ErrorDetails::new();
    let metadata = HashMap::from([("request_id".to_owned(), request_id.clone())]);
    details.set_error_info(refusal.kind().as_str(), DOMAIN, metadata).set_request_info(request_id, "");
    if let Some(field) = refusal.field().map(names::snake_case) {
        details.add_bad_request_violation(field, message.clone());
    }
    if let Some(delay) = refusal.retry_after() {
        details.set_retry_info(Some(delay));
    }
    Status::with_error_details(code(refusal), message, details)
}

fn of_kind(kind: Kind) -> Code {
    match kind {
        Kind::AccessDenied => Code::PermissionDenied,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::IncompleteSignature | Kind::InvalidSignature | Kind::MissingAuthenticationToken | Kind::UnrecognizedClient => {
            Code::Unauthenticated
        }
        Kind::DependencyTimeout => Code::Unavailable,
        Kind::Disabled | Kind::DryRun | Kind::InvalidKeyUsage | Kind::InvalidState | Kind::Unsupported => {
            Code::FailedPrecondition
        }
        Kind::ExpiredImportToken
        | Kind::IncorrectKey
        | Kind::IncorrectKeyMaterial
        | Kind::InvalidArn
        | Kind::InvalidCiphertext
        | Kind::InvalidGrantToken
        | Kind::InvalidImportToken
        | Kind::InvalidMarker
        | Kind::KmsInvalidMac
        | Kind::KmsInvalidSignature
        | Kind::MalformedPolicyDocument
        | Kind::Serialization
        | Kind::Tag
        | Kind::Validation => Code::InvalidArgument,
        Kind::Internal => Code::Internal,
        Kind::NotFound => Code::NotFound,
        Kind::LimitExceeded | Kind::Throttling => Code::ResourceExhausted,
    }
}

fn shortened(message: String) -> String {
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Invalid;
    use crate::service::Error;

    /// Every kind, spelled out a second time: a change here must be made on purpose.
    #[test]
    fn every_kind_has_its_code_and_its_details() {
        #[rustfmt::skip]
        let expected = [
            (Kind::AccessDenied,               Code::PermissionDenied,   "AccessDeniedException",               None,                           false),
            (Kind::AlreadyExists,              Code::AlreadyExists,      "AlreadyExistsException",              Some("alias_name"),             false),
            (Kind::DependencyTimeout,          Code::Unavailable,        "DependencyTimeoutException",          None,                           true),
            (Kind::Disabled,                   Code::FailedPrecondition, "DisabledException",                   None,                           false),
            (Kind::DryRun,                     Code::FailedPrecondition, "DryRunOperationException",            None,                           false),
            (Kind::ExpiredImportToken,         Code::InvalidArgument,    "ExpiredImportTokenException",         Some("import_token"),           false),
            (Kind::IncompleteSignature,        Code::Unauthenticated,    "IncompleteSignatureException",        None,                           false),
            (Kind::IncorrectKey,               Code::InvalidArgument,    "IncorrectKeyException",               None,                           false),
            (Kind::IncorrectKeyMaterial,       Code::InvalidArgument,    "IncorrectKeyMaterialException",       None,                           false),
            (Kind::Internal,                   Code::Internal,           "KMSInternalException",                None,                           false),
            (Kind::InvalidArn,                 Code::InvalidArgument,    "InvalidArnException",                 Some("key_id"),                 false),
            (Kind::InvalidCiphertext,          Code::InvalidArgument,    "InvalidCiphertextException",          Some("encrypted_key_material"), false),
            (Kind::InvalidGrantToken,          Code::InvalidArgument,    "InvalidGrantTokenException",          Some("grant_tokens"),           false),
            (Kind::InvalidImportToken,         Code::InvalidArgument,    "InvalidImportTokenException",         Some("import_token"),           false),
            (Kind::InvalidKeyUsage,            Code::FailedPrecondition, "InvalidKeyUsageException",            None,                           false),
            (Kind::InvalidMarker,              Code::InvalidArgument,    "InvalidMarkerException",              Some("marker"),                 false),
            (Kind::InvalidSignature,           Code::Unauthenticated,    "InvalidSignatureException",           None,                           false),
            (Kind::InvalidState,               Code::FailedPrecondition, "KMSInvalidStateException",            None,                           false),
            (Kind::KmsInvalidMac,              Code::InvalidArgument,    "KMSInvalidMacException",              None,                           false),
            (Kind::KmsInvalidSignature,        Code::InvalidArgument,    "KMSInvalidSignatureException",        None,                           false),
            (Kind::LimitExceeded,              Code::ResourceExhausted,  "LimitExceededException",              None,                           true),
            (Kind::MalformedPolicyDocument,    Code::InvalidArgument,    "MalformedPolicyDocumentException",    Some("policy"),                 false),
            (Kind::MissingAuthenticationToken, Code::Unauthenticated,    "MissingAuthenticationTokenException", None,                           false),
            (Kind::NotFound,                   Code::NotFound,           "NotFoundException",                   Some("key_id"),                 false),
            (Kind::Serialization,              Code::InvalidArgument,    "SerializationException",              None,                           false),
            (Kind::Tag,                        Code::InvalidArgument,    "TagException",                        Some("tags"),                   false),
            (Kind::Throttling,                 Code::ResourceExhausted,  "ThrottlingException",                 None,                           true),
            (Kind::UnrecognizedClient,         Code::Unauthenticated,    "UnrecognizedClientException",         None,                           false),
            (Kind::Unsupported,                Code::FailedPrecondition, "UnsupportedOperationException",       None,                           false),
            (Kind::Validation,                 Code::InvalidArgument,    "ValidationException",                 Some("wrapping_key_spec"),      false),
        ];
        assert_eq!(expected.map(|(kind, ..)| kind), Kind::ALL, "one of each");
        for (kind, code, reason, field, retries) in expected {
            let error = Error::example(kind);
            let said = error.to_string();
            let id = Uuid::new_v4();
            let status = status(&Refusal::from(error), id);
            let details = status.get_error_details();
            assert_eq!(status.code(), code, "{reason}");
            assert_eq!(status.message(), said);
            let info = details.error_info().unwrap();
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, "keyferry"));
            assert_eq!(info.metadata["request_id"], id.to_string());
            assert_eq!(details.request_info().unwrap().request_id, id.to_string());
            let violation = details.bad_request().map(|bad| bad.field_violations[0].clone());
            assert_eq!(violation.as_ref().map(|violation| violation.field.as_str()), field, "{reason}");
            assert!(violation.is_none_or(|violation| violation.description == said));
            assert_eq!(details.retry_info().is_some(), retries, "{reason}");
        }
    }

    #[test]
    fn what_is_ours_to_fix_is_not_shown() {
        let error = Error::example(Kind::Internal);
        let hidden = std::error::Error::source(&error).unwrap().to_string();
        let status = status(&Refusal::from(error), Uuid::nil());
        assert_eq!(status.message(), "internal error");
        assert!(!String::from_utf8_lossy(status.details()).contains(&hidden));
    }

    #[test]
    fn a_long_message_fits_the_headers() {
        let invalid = Invalid::new("keyId", "🔑".repeat(2048));
        let status = status(&Refusal::from(Error::from(invalid)), Uuid::nil());
        let size: usize =
            status.into_http::<()>().headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        assert!(size < 15 * 1024, "{size}");
    }

    #[test]
    fn the_front_refuses_in_the_same_form() {
        #[rustfmt::skip]
        let cases = [
            (Refusal::DeadlineExceeded, Code::DeadlineExceeded,  "DependencyTimeoutException"),
            (Refusal::Panicked,         Code::Internal,          "KMSInternalException"),
            (Refusal::Throttled,        Code::ResourceExhausted, "ThrottlingException"),
        ];
        for (refusal, code, reason) in cases {
            let delay = refusal.retry_after();
            let status = status(&refusal, Uuid::nil());
            let details = status.get_error_details();
            assert_eq!((status.code(), details.error_info().unwrap().reason.as_str()), (code, reason));
            assert_eq!(details.retry_info().map(|info| info.retry_delay), delay.map(Some));
        }
    }
}

//! A refusal as a caller sees it: status, and the details that say why.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// What came back instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// ErrorInfo: the KMS name of the error.
    pub reason: String,
    pub message: String,
    /// BadRequest: the field that is to blame.
    pub field: Option<String>,
    /// RequestInfo.
    pub request_id: String,
    /// RetryInfo.
    pub retry: Option<Duration>,
    /// Everything on the wire, but for the request id, which differs in every answer.
    pub wire: Vec<u8>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let request_id = details.request_info().map(|info| info.request_id.clone()).unwrap_or_default();
        let violation = details.bad_request().and_then(|bad| bad.field_violations.first());
        Self {
            code: status.code(),
            reason: details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            field: violation.map(|violation| violation.field.clone()),
            retry: details.retry_info().and_then(|info| info.retry_delay),
            wire: without(status.details(), request_id.as_bytes()),
            request_id,
        }
    }
}

impl Refusal {
    /// Checks the KMS name of the error, the code that belongs to it, and that the answer names its request.
    #[track_caller]
    pub fn assert_is(&self, reason: &str, case: &str) -> &Self {
        assert_eq!(self.reason, reason, "{case}: {self:?}");
        assert_eq!(self.code, code_of(reason), "{case}: {self:?}");
        assert!(!self.request_id.is_empty(), "{case}: no request id in {self:?}");
        self
    }

    /// Checks the name and the whole message.
    #[track_caller]
    pub fn assert_says(&self, reason: &str, message: &str, case: &str) {
        self.assert_is(reason, case);
        assert_eq!(self.message, message, "{case}");
    }

    /// Checks that a field, which the reference writes in lowerCamelCase, is blamed under its name in the proto.
    #[track_caller]
    pub fn assert_blames(&self, field: &str, case: &str) {
        assert_eq!(self.field, Some(snake_case(field)), "{case}: {self:?}");
    }
}

/// The gRPC code that belongs to an error of the KMS API, as `proto/` has it, spelled out a second time.
fn code_of(reason: &str) -> Code {
    match reason {
        "AccessDeniedException" => Code::PermissionDenied,
        "AlreadyExistsException" => Code::AlreadyExists,
        "UnrecognizedClientException" => Code::Unauthenticated,
        "ValidationException"
        | "TagException"
        | "InvalidArnException"
        | "InvalidMarkerException"
        | "InvalidImportTokenException"
        | "ExpiredImportTokenException"
        | "IncorrectKeyException"
        | "InvalidCiphertextException"
        | "InvalidGrantTokenException"
        | "KMSInvalidMacException"
        | "KMSInvalidSignatureException"
        | "MalformedPolicyDocumentException"
        | "IncorrectKeyMaterialException" => Code::InvalidArgument,
        "NotFoundException" => Code::NotFound,
        "DisabledException"
        | "DryRunOperationException"
        | "InvalidKeyUsageException"
        | "KMSInvalidStateException"
        | "UnsupportedOperationException" => Code::FailedPrecondition,
        "DependencyTimeoutException" => Code::Unavailable,
        "LimitExceededException" | "ThrottlingException" => Code::ResourceExhausted,
        "KMSInternalException" => Code::Internal,
        other => panic!("no test expects {other}"),
    }
}

fn without(details: &[u8], request_id: &[u8]) -> Vec<u8> {
    let mut details = details.to_vec();
    let length = request_id.len();
    // ErrorInfo and RequestInfo both have it.
    for at in 0..(details.len() + 1).saturating_sub(length) {
        if length > 0 && details[at..at + length] == *request_id {
            details[at..at + length].fill(0);
        }
    }
    details
}

/// The proto's name of a field that the reference writes in lowerCamelCase.
fn snake_case(field: &str) -> String {
    field.chars().flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain(c.to_lowercase())).collect()
}

/// The pause before a call is made anew.
const AGAIN: Duration = Duration::from_millis(50);

/// How often a call is made anew that SoftHSM 2.6.1 broke off, as it does where several processes write to its token.
const TRIES: usize = 100;

/// Calls until it is answered, or refused for good.
pub async fn surely<T>(call: impl AsyncFn() -> Result<T, Refusal>) -> Result<T, Refusal> {
    let mut tries = 0;
    loop {
        match call().await {
            Err(refusal) if is_passing(&refusal) && tries < TRIES => tries += 1,
            done => return done,
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Whether the same call may be answered if it is made anew.
pub fn is_passing(refusal: &Refusal) -> bool {
    matches!(
        &*refusal.reason,
        "KMSInternalException" | "DependencyTimeoutException" | "KeyUnavailableException" | "ThrottlingException"
    )
}

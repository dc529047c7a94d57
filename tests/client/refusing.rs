//! Errors that a sound service does not give when it is asked to: a service that answers every call with one of them, so that
//! each has its golden line, too.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::desk::Desk;
use super::golden::Transcript;

/// Says this of every call.
#[derive(Clone)]
struct Refusing(Status);

impl NamedService for Refusing {
    const NAME: &'static str = "keyferry.v1.KeyService";
}

impl tower::Service<Request<Body>> for Refusing {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        std::future::ready(Ok(self.0.clone().into_http()))
    }
}

fn status(code: Code, reason: &str, message: &str, retry: Option<Duration>) -> Status {
    let metadata = HashMap::from([("request_id".to_owned(), "12345678-abcd-abcd-abcd-1234567890ab".to_owned())]);
    let mut details = ErrorDetails::with_error_info(reason, "keyferry", metadata);
    details.set_retry_info(retry);
    Status::with_error_details(code, message, details)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_of_the_reference_says_what_to_do() {
    let soon = Some(Duration::from_millis(1500));
    #[rustfmt::skip]
    let statuses = [
        status(Code::PermissionDenied,   "AccessDeniedException",       "not allowed", None),
        status(Code::AlreadyExists,      "AlreadyExistsException",      "An alias with the name alias/x already exists", None),
        status(Code::Unavailable,        "DependencyTimeoutException",  "the token is away", soon),
        status(Code::DeadlineExceeded,   "DependencyTimeoutException",  "the token was too slow", None),
        status(Code::InvalidArgument,    "ExpiredImportTokenException", "the import token is expired", None),
        status(Code::Internal,           "KMSInternalException",        "internal error", None),
        status(Code::ResourceExhausted,  "LimitExceededException",      "too many keys", None),
        status(Code::ResourceExhausted,  "ThrottlingException",         "Rate exceeded", soon),
        status(Code::Unknown,            "BrandNewException",           "first line\nsecond line \u{1b}[31mred", None),
        Status::unimplemented("unknown service"),
        Status::unavailable("502 of a proxy"),
        Status::internal("not of the service's rules"),
    ];
    let desk = std::sync::Arc::new(Desk::bare());
    let mut lines = String::new();
    for status in statuses {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", incoming.local_addr().unwrap());
        let server = tokio::spawn(Server::builder().add_service(Refusing(status)).serve_with_incoming(incoming));
        let here = desk.clone();
        let said = tokio::task::spawn_blocking(move || {
            let mut transcript = Transcript::new(&here);
            let run = transcript.expect(254, &["list-keys", "--endpoint-url", &url]);
            assert!(run.stderr.trim().lines().count() > 1, "{}", run.stderr);
            transcript.text()
        });
        lines.push_str(&said.await.unwrap());
        server.abort();
    }
    super::golden::golden("errors-of-others", &super::golden::mask(&lines));
}

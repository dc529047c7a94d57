//! What a collector is told: which calls there were, and what they waited for; and nothing that anybody sent.

use keyferry::model::{KeySpec, KeyUsage};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

use crate::harness::{Daemon, Settings};

/// Hands on what is told.
struct Collector(mpsc::UnboundedSender<Span>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let told = request.into_inner().resource_spans.into_iter();
        for span in told.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans) {
            let _ended = self.0.send(span);
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_told_of_each_call_and_of_what_it_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, mut spans) = mpsc::unbounded_channel();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(Collector(told)));
    let collecting = tokio::spawn(server.serve_with_incoming(incoming));

    let mut settings = Settings::default();
    settings.more.push_str(&format!("[traces]\nendpoint = \"http://{address}\"\n"));
    let daemon = Daemon::start(settings);
    let client = daemon.client().await;
    let key = client.create_generated(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await;
    let _described = client.describe(&key.key_id).await;
    // Its end sends the last.
    drop(client);
    tokio::task::spawn_blocking(|| daemon.terminate()).await.unwrap();
    collecting.abort();

    let mut all = Vec::new();
    while let Ok(span) = spans.try_recv() {
        all.push(span);
    }
    let text = |span: &Span| format!("{span:?}");
    let calls: Vec<&Span> = all.iter().filter(|span| span.name == "call").collect();
    for method in ["CreateKey", "DescribeKey"] {
        assert!(calls.iter().any(|span| text(span).contains(method)), "{method} is missing: {all:?}");
    }
    let within = |name: &str| {
        all.iter().any(|span| span.name == name && calls.iter().any(|call| call.span_id == span.parent_span_id))
    };
    assert!(within("token") && within("record"), "{all:?}");
    // What was asked is in none of them.
    assert!(all.iter().all(|span| !text(span).contains(&key.key_id)), "{all:?}");
}

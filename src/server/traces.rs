//! Traces over OTLP (OpenTelemetry): each call a span, and in it what it waited for of token and record. Names and times, and nothing
//! that a caller sent.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::config;

/// What sends traces to a collector. The last are sent when it is closed.
#[derive(Clone, Debug)]
pub struct Traces(SdkTracerProvider);

/// Why no traces are sent.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent to traces.endpoint")]
pub struct Error(#[from] opentelemetry_otlp::ExporterBuildError);

impl Traces {
    /// Sends to the collector that is configured, if one is. Needs a runtime; whether the collector is there is seen later.
    ///
    /// # Errors
    /// Where the endpoint is of no use.
    pub fn open(config: &config::Traces) -> Result<Option<Self>, Error> {
        let Some(endpoint) = &config.endpoint else { return Ok(None) };
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
        let resource = Resource::builder().with_service_name("keyferryd").build();
        Ok(Some(Self(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())))
    }

    /// What takes the spans of this service, whatever is logged. What is logged in a call goes to the log alone.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let spans = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("keyferry"));
        tracing_opentelemetry::layer().with_tracer(self.0.tracer("keyferryd")).with_filter(spans)
    }

    /// Sends what is left. Blocks, for seconds where nobody takes it.
    pub fn close(&self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

//! `GET /metrics`, in the OpenMetrics text format, on a listener of its own: what monitoring reads must not need a place at the
//! front door.
//!
//! Nothing here is secret, and nothing is remembered: each answer is made of what there is just then.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Error;
use crate::service::{Holdings, PairStock, Service, Stock};

/// Connections at once; more wait in the kernel's queue.
const MOST: usize = 4;
/// How long a request's head may take, and all of an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An address where metrics are asked for.
#[derive(Debug)]
pub(super) struct Metrics {
    listener: TcpListener,
    address: SocketAddr,
}

impl Metrics {
    pub(super) async fn open(listen: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::BindMetrics { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Answers until dropped.
    pub(super) async fn serve(self, service: Arc<Service>) {
        tracing::info!(address = %self.address, "metrics");
        let places = Arc::new(Semaphore::new(MOST));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(answer(stream, Arc::clone(&service), place))),
                Err(error) => {
                    tracing::warn!(%error, "a connection to the metrics could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn answer(stream: TcpStream, service: Arc<Service>, _place: OwnedSemaphorePermit) {
    let handler = service_fn(|request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(respond(&service, &request).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false);
    // Who leaves in the middle has not missed anything that anyone else needs.
    let _answered = tokio::time::timeout(2 * PATIENCE, server.serve_connection(TokioIo::new(stream), handler)).await;
}

async fn respond(service: &Service, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "there is /metrics and nothing else\n".to_owned());
    }
    if request.method() != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned());
    }
    let text = match service.stock().await {
        Ok(stock) => text(&stock),
        Err(error) => {
            tracing::warn!(%error, "the metrics could not be read");
            Err(std::fmt::Error)
        }
    };
    match text {
        Ok(text) => {
            let mut response = plain(StatusCode::OK, text);
            let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the record cannot be read just now\n".to_owned()),
    }
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}

type Labels = Vec<(&'static str, &'static str)>;

/// The stock in the OpenMetrics text format. What is not known is left out.
fn text(stock: &Stock) -> Result<String, std::fmt::Error> {
    let Stock { holdings: Holdings { live, budget, for_wrapping_keys, forecast }, waiting, pools } = stock;
    let mut registry = Registry::with_prefix("keyferry");
    let pairs = Family::<Labels, Gauge>::default();
    let marks = Family::<Labels, Gauge>::default();
    let dry = Family::<Labels, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
    for PairStock { kind, level, marks: wanted, dry_in } in pools {
        let labels = |more: Option<(&'static str, &'static str)>| -> Labels {
            let of_kind = [("spec", kind.spec.as_str()), ("use", kind.pair_use.as_str())];
            of_kind.into_iter().chain(more).collect()
        };
        pairs.get_or_create(&labels(Some(("state", "ready")))).set(level.ready.into());
        pairs.get_or_create(&labels(Some(("state", "making")))).set(level.making.into());
        marks.get_or_create(&labels(Some(("mark", "low")))).set(wanted.low.into());
        marks.get_or_create(&labels(Some(("mark", "high")))).set(wanted.high.into());
        if let Some(dry_in) = dry_in {
            dry.get_or_create(&labels(None)).set(dry_in.as_secs_f64());
        }
    }
    registry.register("pool_pairs", "Wrapping key pairs of the pools, by their state", pairs);
    registry.register("pool_marks", "Between how many and how many pairs are to stand ready", marks);
    registry.register("pool_dry_in_seconds", "Until no pair stands ready, as they are asked for", dry);
    let mut gauge = |name: &str, help: &str, value: i64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    gauge("pool_waiting", "Callers who wait for a pair", i64::try_from(*waiting).unwrap_or(i64::MAX));
    gauge("token_objects", "Objects of keyferry's on the token, by the record", (*live).into());
    gauge("token_objects_most", "The most objects that there may be", (*budget).into());
    let help = "With so many objects no more wrapping keys are made";
    gauge("token_objects_most_for_wrapping_keys", help, (*for_wrapping_keys).into());
    if let Some(forecast) = forecast {
        let rate = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
        rate.set(forecast.per_hour);
        registry.register("token_objects_per_hour", "Objects more in an hour, as it has gone in the last hours", rate);
        if let Some(full_in) = forecast.full_in {
            let full = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
            full.set(full_in.as_secs_f64());
            registry.register(
                "token_full_in_seconds",
                "Until there are so many objects that no more wrapping keys are made",
                full,
            );
        }
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PairKind, PairUse, WrappingKeySpec};
    use crate::service::{Forecast, Marks};

    #[test]
    fn everything_that_is_known_is_told() {
        let kind = PairKind { spec: WrappingKeySpec::Rsa4096, pair_use: PairUse::RawDecrypt };
        let pool = PairStock {
            kind,
            level: crate::service::Level { ready: 7, making: 2 },
            marks: Marks { low: 8, high: 16 },
            dry_in: Some(Duration::from_secs(90)),
        };
        let forecast = Forecast { per_hour: 12.5, full_in: Some(Duration::from_secs(10_800)) };
        let holdings = Holdings { live: 312, budget: 10_000, for_wrapping_keys: 8000, forecast: Some(forecast) };
        let told = text(&Stock { holdings, waiting: 3, pools: vec![pool] }).unwrap();
        for line in [
            r#"keyferry_pool_pairs{spec="RSA_4096",use="raw-decrypt",state="ready"} 7"#,
            r#"keyferry_pool_pairs{spec="RSA_4096",use="raw-decrypt",state="making"} 2"#,
            r#"keyferry_pool_marks{spec="RSA_4096",use="raw-decrypt",mark="high"} 16"#,
            r#"keyferry_pool_dry_in_seconds{spec="RSA_4096",use="raw-decrypt"} 90.0"#,
            "keyferry_pool_waiting 3",
            "keyferry_token_objects 312",
            "keyferry_token_objects_most 10000",
            "keyferry_token_objects_most_for_wrapping_keys 8000",
            "keyferry_token_objects_per_hour 12.5",
            "keyferry_token_full_in_seconds 10800.0",
            "# EOF",
        ] {
            assert!(told.lines().any(|told| told == line), "{line} is missing:\n{told}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let holdings = Holdings { live: 0, budget: 10, for_wrapping_keys: 8, forecast: None };
        let told = text(&Stock { holdings, waiting: 0, pools: Vec::new() }).unwrap();
        assert!(!told.contains("per_hour") && !told.contains("full_in") && !told.contains("dry_in_seconds{"), "{told}");
    }
}

//! The listener for monitoring, apart from the front door, so that who watches needs no place there: `/metrics`, in the OpenMetrics text
//! format or Prometheus' older one, `/livez` and `/readyz`.
//!
//! Nothing here is secret. Whether the database is there or not, there is an answer: what only the record knows is left out then.

mod house;
mod page;
mod process;
mod stock;
mod token;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::{prometheus_text, text};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::Error;
use crate::front::Calls;
use crate::service::{self, Census, Health, Part, Service, Stock};
use page::Page;

/// Connections at once; more wait in the kernel's queue.
const MOST: usize = 4;
/// How long a request's head may take, and all of an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the record is waited for.
const RECORD: Duration = Duration::from_secs(3);

/// An address where monitoring asks.
#[derive(Debug)]
pub(super) struct Metrics {
    listener: TcpListener,
    address: SocketAddr,
}

/// What is told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) service: Arc<Service>,
    pub(super) calls: Calls,
    /// Whether no further calls should come.
    pub(super) stopping: watch::Receiver<bool>,
}

impl Metrics {
    pub(super) async fn open(listen: SocketAddr) -> Result<Self, Error> {
        process::begin();
        let failed = |source| Error::BindMetrics { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Answers until dropped.
    pub(super) async fn serve(self, told: Told) {
        tracing::info!(address = %self.address, "metrics");
        let places = Arc::new(Semaphore::new(MOST));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(answer(stream, told.clone(), place))),
                Err(error) => {
                    tracing::warn!(%error, "a connection to the metrics could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn answer(stream: TcpStream, told: Told, _place: OwnedSemaphorePermit) {
    let handler = service_fn(|request| {
        let told = told.clone();
        async move { Ok::<_, Infallible>(respond(&told, &request).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false);
    // Who leaves in the middle has not missed anything that anyone else needs.
    let _answered = tokio::time::timeout(2 * PATIENCE, server.serve_connection(TokioIo::new(stream), handler)).await;
}

async fn respond(told: &Told, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/livez" => livez(&told.service.health().borrow()),
        "/metrics" => metrics(told, request.headers()).await,
        "/readyz" => readyz(&told.service.health().borrow(), *told.stopping.borrow()),
        _ => plain(StatusCode::NOT_FOUND, "there are /livez, /metrics and /readyz\n".to_owned()),
    }
}

/// Whether to leave the process alone; where not, another has to take its place.
fn livez(health: &Health) -> Response<Full<Bytes>> {
    if health.has_given_up() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "given up: start another process\n".to_owned());
    }
    plain(StatusCode::OK, "alive\n".to_owned())
}

/// Whether to send calls here: a line for each thing that is needed, and how it is.
fn readyz(health: &Health, stopping: bool) -> Response<Full<Bytes>> {
    let mut text = String::new();
    for part in health.parts() {
        let how = part.trouble.as_ref().map_or("ok", |trouble| trouble.name);
        text.push_str(&format!("{}: {how} since {}\n", part.name(), part.since.rfc3339().unwrap_or_default()));
    }
    if stopping {
        text.push_str("process: draining\n");
    }
    let is_ready = health.is_ready() && !stopping;
    plain(if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}

async fn metrics(told: &Told, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let health = told.service.health().borrow().clone();
    let record = match health.serves(&[Part::Store]) {
        true => record(&told.service).await,
        false => None,
    };
    // Prometheus asks for OpenMetrics first; whoever does not say gets it, too.
    let wants =
        |kind: &str| headers.get_all(ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|text| text.contains(kind)));
    let is_classic = wants("text/plain") && !wants("application/openmetrics-text");
    let page = page(told, &health, record.as_ref());
    let mut text = String::new();
    let (encoded, kind) = if is_classic {
        (prometheus_text::encode(&mut text, page.registry()), prometheus_text::CONTENT_TYPE)
    } else {
        (text::encode(&mut text, page.registry()), "application/openmetrics-text; version=1.0.0; charset=utf-8")
    };
    if encoded.is_err() {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n".to_owned());
    }
    let mut response = plain(StatusCode::OK, text);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The stock of each token, of further ones with their labels.
type Stocks = Vec<(Option<String>, Stock)>;

/// What only the record knows; `None` where it does not say in time.
async fn record(service: &Service) -> Option<(Stocks, Census)> {
    let asked = async { Ok::<_, service::Error>((service.stocks().await?, service.census().await?)) };
    match tokio::time::timeout(RECORD, asked).await {
        Ok(Ok(record)) => return Some(record),
        Ok(Err(error)) => tracing::warn!(error = &error as &dyn std::error::Error, "the metrics of the record are left out"),
        Err(_elapsed) => tracing::warn!("the record is too slow: its metrics are left out"),
    }
    None
}

fn page(told: &Told, health: &Health, record: Option<&(Stocks, Census)>) -> Page {
    let mut page = Page::default();
    house::tell_health(&mut page, health);
    told.calls.tally().register(page.own());
    page.gauge("requests_most", "Calls that may be under way at once", told.calls.most());
    token::tell(&mut page, &told.service.vitals());
    house::tell(&mut page, &told.service);
    if let Some((stocks, census)) = record {
        stock::tell(&mut page, stocks);
        house::tell_census(&mut page, census);
    }
    process::tell(&mut page);
    page
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

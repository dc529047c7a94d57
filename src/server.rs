//! A running service: the door open, calls answered, and an orderly end.
//!
//! The only place that knows every layer.

pub mod access_keys;
mod assembly;
mod connection;
mod incoming;
mod json;
pub mod logs;
mod metrics;
mod peers;
mod pin;
mod private;
pub mod process;
mod supervisor;
mod tls;
#[cfg(feature = "otlp")]
pub mod traces;
#[cfg(not(feature = "otlp"))]
#[path = "server/traces/none.rs"]
pub mod traces;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tonic::transport::Server;

use crate::api::Front;
use crate::config::{self, Config};
use crate::front::Calls;
use crate::service::{Gate, Service};

pub use assembly::{StartError, assemble, examine, examine_files, holdings, init, initialise_token, public_keys};
use incoming::Incoming;
use metrics::{Metrics, Told};
pub use private::{Exposed, require_private};
use tls::{Callers, Identity};

/// How often a silent connection is asked whether it is still there, and how long it may take to say so.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// Calls at once over one connection.
const MAX_STREAMS: u32 = 128;
/// The most header bytes of a request; a call of ours needs a few hundred.
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// The longest that a call without a deadline of its own is waited for.
const LONGEST_CALL: Duration = Duration::from_secs(300);
/// How long the token may take to sign for the last lines of the audit log.
const LAST_SIGNATURE: Duration = Duration::from_secs(5);
/// What answers need to reach their callers once the last call has ended.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Why the door does not open, or closed by itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}: choose another address in server.listen, or stop what listens there")]
    Bind {
        /// `server.listen`.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Calls hang in the token, and only another process can help.
    #[error("so many calls hang in the token that only another process can help: start anew")]
    GivenUp,
    /// The address for the JSON front is taken, or not this machine's.
    #[error("cannot listen on {address}: choose another address in json.listen, or stop what listens there")]
    BindJson {
        /// `json.listen`.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The address for metrics is taken, or not this machine's.
    #[error("cannot listen on {address}: choose another address in metrics.listen, or stop what listens there")]
    BindMetrics {
        /// `metrics.listen`.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The descriptors of the wire format cannot be read.
    #[error("reflection")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// Signals cannot be received.
    #[error("signals")]
    Signals(#[source] std::io::Error),
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The transport gave up.
    #[error("transport")]
    Transport(#[from] tonic::transport::Error),
}

/// An address that is listened on, and the certificates to show there. Opened before anything touches the token, so that
/// a mistake in either costs nothing.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    identity: Option<Arc<Identity>>,
    max_requests: u32,
    drain: Duration,
    json: Option<json::Door>,
    metrics: Option<Metrics>,
}

impl Door {
    /// Listens and reads the certificates. Who connects from now on waits for [`Door::serve`].
    ///
    /// # Errors
    /// Where the address cannot be listened on or a file cannot be used; the message names it.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let config::Server { listen, max_requests, drain, tls } = &config.server;
        let identity = tls.clone().map(Identity::load).transpose()?.map(Arc::new);
        let failed = |source| Error::Bind { address: *listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let json = match config.json.listen {
            Some(listen) => Some(json::Door::open(listen).await?),
            None => None,
        };
        let metrics = match config.metrics.listen {
            Some(listen) => Some(Metrics::open(listen).await?),
            None => None,
        };
        Ok(Self { listener, address, identity, max_requests: *max_requests, drain: *drain, json, metrics })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers calls until `stop`, then lets those in flight end, for as long as the configuration allows.
    ///
    /// # Errors
    /// Where the transport gives up by itself.
    pub async fn serve(
        self,
        service: Arc<Service>,
        policy: config::Policy,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let Self { listener, address, identity, max_requests, drain, json, metrics } = self;
        let calls = Calls::new(Arc::clone(service.gate()), max_requests);
        let (stopping, is_stopping) = watch::channel(false);
        let metrics = metrics.map(|metrics| {
            let told = Told { service: Arc::clone(&service), calls: calls.clone(), stopping: is_stopping.clone() };
            tokio::spawn(metrics.serve(told))
        });
        let front = Front::new(Arc::clone(&service), &calls);
        let (routes, health) = front.routes().await?;
        let telling = tokio::spawn(health.clone().follow());
        let reloads = tokio::spawn(reload_on_hangup(identity.clone(), policy, Arc::clone(service.gate()))?);
        let tls = identity.is_some();
        let json = json.map(|json| {
            let front = crate::json::Front::new(Arc::clone(&service), &calls);
            tokio::spawn(json.serve(front, identity.clone(), is_stopping))
        });
        let incoming = Incoming::start(listener, identity, Callers::Certified);
        let stopped = Notify::new();
        let gives_up = service.gives_up();
        let gave_up = AtomicBool::new(false);
        let stop = async {
            tokio::select! {
                () = stop => {}
                () = gives_up => gave_up.store(true, Ordering::SeqCst),
            }
            supervisor::stopping();
            stopping.send_replace(true);
            tracing::info!("draining");
            health.draining().await;
            stopped.notify_one();
        };
        tracing::info!(%address, tls, "serving");
        supervisor::serving();
        let alive = tokio::spawn(supervisor::keep_alive());
        if !tls {
            tracing::warn!(
                "without TLS: every process of this machine is the principal loopback, where principals.toml has one"
            );
        }
        let serving = Server::builder()
            .timeout(LONGEST_CALL)
            .http2_keepalive_interval(Some(KEEPALIVE.0))
            .http2_keepalive_timeout(Some(KEEPALIVE.1))
            .max_concurrent_streams(MAX_STREAMS)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .serve_with_incoming_shutdown(routes.prepare(), incoming, stop);
        // Not the end of every connection, for a health watch never ends; nor that of `serving`, for calls whose callers
        // have left are in flight too.
        let drained = async {
            stopped.notified().await;
            if tokio::time::timeout(drain, calls.idle()).await.is_err() {
                tracing::warn!(seconds = drain.as_secs(), "calls still in flight are cut off");
            }
        };
        let (mut serving, mut drained) = (std::pin::pin!(serving), std::pin::pin!(drained));
        let ended = tokio::select! {
            ended = &mut serving => {
                stopped.notify_one();
                drained.await;
                ended
            }
            () = &mut drained => tokio::time::timeout(LAST_ANSWERS, serving).await.unwrap_or(Ok(())),
        };
        reloads.abort();
        telling.abort();
        if let Some(json) = json
            && tokio::time::timeout(LAST_ANSWERS, json).await.is_err()
        {
            tracing::warn!("some who called over the KMS JSON protocol do not take their answers");
        }
        // The last lines too are to be signed for.
        if tokio::time::timeout(LAST_SIGNATURE, service.sign_audit()).await.is_err() {
            tracing::warn!("the token is too slow to sign for the last lines of the audit log");
        }
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        alive.abort();
        tracing::info!("stopped");
        ended?;
        if gave_up.load(Ordering::SeqCst) { Err(Error::GivenUp) } else { Ok(()) }
    }
}

/// Reads certificates and policies again at each SIGHUP: either wholly or not at all.
fn reload_on_hangup(
    identity: Option<Arc<Identity>>,
    policy: config::Policy,
    gate: Arc<Gate>,
) -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    let mut hangups = signal(SignalKind::hangup()).map_err(Error::Signals)?;
    Ok(async move {
        while hangups.recv().await.is_some() {
            match identity.as_deref().map(Identity::reload) {
                Some(Ok(())) => tracing::info!("certificates reloaded"),
                Some(Err(error)) => tracing::error!(%error, "certificates not reloaded, the old ones stay"),
                None => tracing::info!("no certificates to reload: no TLS"),
            }
            match assembly::policies(&policy) {
                Ok(policies) => {
                    gate.use_policies(policies);
                    tracing::info!("policies reloaded");
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "policies not reloaded, the old ones stay");
                }
            }
        }
    })
}

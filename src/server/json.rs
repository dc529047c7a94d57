//! The door of the JSON front: HTTP/1.1 and HTTP/2, over connections whose callers say with each request who they are.
//!
//! Whoever knocks gets this far, so all of it has an end: the head of a request, the time between two, the connection itself.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;

use super::connection::Connection;
use super::incoming::Incoming;
use super::tls::{Callers, Identity};
use super::{Error, KEEPALIVE, MAX_HEADER_BYTES};
use crate::json::Front;

/// How long a request's head may take, and the time from one request to the next.
const HEAD: Duration = Duration::from_secs(20);
/// How long a connection may be used before its caller has to come anew.
const LIFETIME: Duration = Duration::from_secs(300);
/// How long the last calls over a connection may take.
const LAST_CALLS: Duration = Duration::from_secs(60);
/// The most bytes of a head, and of what is read of a body at once, over HTTP/1.1.
const MAX_BUFFER: usize = 32 * 1024;
/// Calls at once over one connection.
const MAX_STREAMS: u32 = 16;

/// An address where the reference's clients come in.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    pub(super) async fn open(listen: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::BindJson { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Answers until `stopping` says so; then connections end with the calls that are under way over them.
    pub(super) async fn serve(self, front: Front, identity: Option<Arc<Identity>>, mut stopping: watch::Receiver<bool>) {
        tracing::info!(address = %self.address, tls = identity.is_some(), "serving the KMS JSON protocol");
        let mut incoming = Incoming::start(self.listener, identity, Callers::Signed);
        let mut conversations = JoinSet::new();
        let told = stopping.clone();
        loop {
            tokio::select! {
                connection = incoming.next() => {
                    let Some(Ok(connection)) = connection else { break };
                    conversations.spawn(converse(connection, front.clone(), told.clone()));
                }
                Some(_ended) = conversations.join_next() => {}
                _ = stopping.wait_for(|stopping| *stopping) => break,
            }
        }
        // The last answers are still on their way.
        while conversations.join_next().await.is_some() {}
    }
}

async fn converse(connection: Connection, front: Front, stopping: watch::Receiver<bool>) {
    let (peer, is_http2) = (connection.peer().clone(), connection.is_http2());
    let activity = Arc::new(Activity::default());
    let answers = {
        let activity = Arc::clone(&activity);
        service_fn(move |request| {
            let (front, peer, busy) = (front.clone(), peer.clone(), Busy::begin(&activity));
            async move {
                let _busy = busy;
                Ok::<_, Infallible>(front.answer(&peer, request).await)
            }
        })
    };
    let io = TokioIo::new(connection);
    if is_http2 {
        let mut server = http2::Builder::new(TokioExecutor::new());
        server
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(KEEPALIVE.0))
            .keep_alive_timeout(KEEPALIVE.1)
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEADER_BYTES);
        last(server.serve_connection(io, answers), &activity, stopping).await;
    } else {
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(MAX_BUFFER);
        last(server.serve_connection(io, answers), &activity, stopping).await;
    }
}

/// What comes over a connection.
#[derive(Debug, Default)]
struct Activity {
    begun: AtomicUsize,
    under_way: AtomicUsize,
}

/// A request under way.
struct Busy(Arc<Activity>);

impl Busy {
    fn begin(activity: &Arc<Activity>) -> Self {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        activity.under_way.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Activity {
    /// Waits until nothing has come for [`HEAD`]. HTTP/1.1 ends that by itself; over HTTP/2 a peer that answers pings could stay.
    async fn ceases(&self) {
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            tokio::time::sleep(HEAD).await;
            if self.begun.load(Ordering::Relaxed) == begun && self.under_way.load(Ordering::Relaxed) == 0 {
                return;
            }
        }
    }
}

/// Serves a connection to its end, or until nothing comes any more, its time is over or the service stops.
async fn last<C: GracefulConnection>(connection: C, activity: &Activity, mut stopping: watch::Receiver<bool>) {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // Who leaves in the middle has not missed anything that anyone else needs.
        _ended = &mut connection => return,
        () = activity.ceases() => {}
        () = tokio::time::sleep(LIFETIME) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ended = tokio::time::timeout(LAST_CALLS, connection).await;
}

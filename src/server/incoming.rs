//! The way in: connections accepted one after the other, their handshakes made side by side and not for long.
//!
//! One that is slow, or shows no good certificate, keeps nobody else waiting and takes no place: who has not said yet who it is
//! makes room for who comes later. Known callers past the bound wait for a place, as long as a handshake may take.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

use super::connection::{Connection, Session};
use super::tls::{self, Callers, Identity};

/// Connections of known callers at once.
const MAX_CONNECTIONS: usize = 1024;
/// Handshakes at once. One more ends the oldest, which has had the most time.
const MAX_HANDSHAKES: usize = 512;
/// How long a handshake may take, and the wait for a place after it.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long to wait when the system has no more file descriptors, say.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections whose callers are known. Dropping it closes the door.
#[derive(Debug)]
pub(super) struct Incoming(ReceiverStream<Result<Connection, Infallible>>);

impl Incoming {
    /// Begins to accept.
    pub(super) fn start(listener: TcpListener, identity: Option<Arc<Identity>>, callers: Callers) -> Self {
        Self::bounded(listener, identity, callers, MAX_HANDSHAKES)
    }

    fn bounded(listener: TcpListener, identity: Option<Arc<Identity>>, callers: Callers, handshakes: usize) -> Self {
        let (known, incoming) = mpsc::channel(16);
        tokio::spawn(accept(listener, identity, callers, handshakes, known));
        Self(ReceiverStream::new(incoming))
    }
}

impl Stream for Incoming {
    type Item = Result<Connection, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

type Known = mpsc::Sender<Result<Connection, Infallible>>;

async fn accept(listener: TcpListener, identity: Option<Arc<Identity>>, callers: Callers, handshakes: usize, known: Known) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut strangers: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            () = known.closed() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => {
                make_room(&mut strangers, handshakes);
                let welcome = welcome(stream, from, places.clone(), identity.clone(), callers, known.clone());
                strangers.push_back(tokio::spawn(welcome).abort_handle());
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Ends the oldest handshake where there are as many as may be.
fn make_room(strangers: &mut VecDeque<AbortHandle>, most: usize) {
    if strangers.len() < most {
        return;
    }
    strangers.retain(|handshake| !handshake.is_finished());
    if strangers.len() >= most
        && let Some(oldest) = strangers.pop_front()
    {
        oldest.abort();
        tracing::info!(most, "too many handshakes at once, the oldest was ended");
    }
}

async fn welcome(
    stream: TcpStream,
    from: SocketAddr,
    places: Arc<Semaphore>,
    identity: Option<Arc<Identity>>,
    callers: Callers,
    known: Known,
) {
    // Answers are small and awaited: none should wait for more to fill a packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%from, %error, "connection lost");
        return;
    }
    let session = match identity {
        None => Session::Plain(stream),
        Some(identity) => match tokio::time::timeout(HANDSHAKE, identity.acceptor(callers).accept(stream)).await {
            Ok(Ok(stream)) => Session::Tls(Box::new(stream)),
            Ok(Err(error)) => {
                // Some refusals only an operator can end.
                match tls::advice(&error) {
                    Some(advice) => tracing::warn!(%from, %error, advice, "handshake refused"),
                    None => tracing::info!(%from, %error, "handshake refused"),
                }
                return;
            }
            Err(_elapsed) => {
                tracing::info!(%from, "handshake too slow");
                return;
            }
        },
    };
    // Never closed, so granted or waited for.
    let Ok(Ok(place)) = tokio::time::timeout(HANDSHAKE, places.acquire_owned()).await else {
        tracing::warn!(%from, most = MAX_CONNECTIONS, "no place for a connection");
        return;
    };
    if let Some(connection) = Connection::new(session, callers, from, place) {
        // The door is closed where nobody takes it.
        let _ = known.send(Ok(connection)).await;
    }
}

#[cfg(test)]
mod tests;

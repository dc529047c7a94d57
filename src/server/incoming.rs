//! The way in: connections accepted one after the other, their handshakes made side by side and not for long.
//!
//! One that is slow, or shows no good certificate, keeps nobody else waiting. Past the bound, further ones wait in the
//! kernel's queue.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

use super::connection::Connection;
use super::tls::{self, Identity};

/// Connections at once, those in the handshake included.
const MAX_CONNECTIONS: usize = 1024;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long to wait when the system has no more file descriptors, say.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections whose callers are known. Dropping it closes the door.
#[derive(Debug)]
pub(super) struct Incoming(ReceiverStream<Result<Connection, Infallible>>);

impl Incoming {
    /// Begins to accept.
    pub(super) fn start(listener: TcpListener, identity: Option<Arc<Identity>>) -> Self {
        let (known, incoming) = mpsc::channel(16);
        tokio::spawn(accept(listener, identity, known));
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

async fn accept(listener: TcpListener, identity: Option<Arc<Identity>>, known: Known) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            // Never closed, so always granted.
            let place = places.clone().acquire_owned().await.ok()?;
            Some((listener.accept().await, place))
        };
        let (accepted, place) = tokio::select! {
            () = known.closed() => return,
            next = next => match next {
                Some(next) => next,
                None => return,
            },
        };
        match accepted {
            Ok((stream, from)) => {
                tokio::spawn(welcome(stream, from, place, identity.clone(), known.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn welcome(
    stream: TcpStream,
    from: SocketAddr,
    place: OwnedSemaphorePermit,
    identity: Option<Arc<Identity>>,
    known: Known,
) {
    // Answers are small and awaited: none should wait for more to fill a packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%from, %error, "connection lost");
        return;
    }
    let connection = match identity {
        None => Some(Connection::plain(stream, from, place)),
        Some(identity) => match tokio::time::timeout(HANDSHAKE, identity.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => Connection::tls(stream, from, place),
            Ok(Err(error)) => {
                // Nobody gets in any more, and the callers cannot know why.
                match tls::advice(&error) {
                    Some(advice) => tracing::warn!(%from, %error, advice, "handshake refused"),
                    None => tracing::info!(%from, %error, "handshake refused"),
                }
                None
            }
            Err(_elapsed) => {
                tracing::info!(%from, "handshake too slow");
                None
            }
        },
    };
    if let Some(connection) = connection {
        // The door is closed where nobody takes it.
        let _ = known.send(Ok(connection)).await;
    }
}

#[cfg(test)]
mod tests;

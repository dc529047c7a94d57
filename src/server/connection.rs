//! One connection, with or without TLS, and whose it is.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::{NamedGroup, ProtocolVersion, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use crate::api::Peer;
use crate::model::TlsDetails;

/// An accepted connection. Gives its place back when it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    _place: OwnedSemaphorePermit,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// A connection from this machine.
    pub(super) fn plain(stream: TcpStream, from: SocketAddr, place: OwnedSemaphorePermit) -> Self {
        Self { stream: Stream::Plain(stream), peer: Peer::loopback().connected(None, from), _place: place }
    }

    /// A connection whose handshake is done. `None` where the other end showed no certificate, which the verifier does not let happen.
    pub(super) fn tls(stream: TlsStream<TcpStream>, from: SocketAddr, place: OwnedSemaphorePermit) -> Option<Self> {
        let session = stream.get_ref().1;
        let leaf = session.peer_certificates()?.first()?;
        let peer = Peer::of_certificate(leaf).connected(Some(details(session)?), from);
        Some(Self { stream: Stream::Tls(Box::new(stream)), peer, _place: place })
    }
}

/// What the handshake agreed on. rustls has names of its own for some of it.
fn details(session: &ServerConnection) -> Option<TlsDetails> {
    let version = match session.protocol_version()? {
        ProtocolVersion::TLSv1_3 => "TLSv1.3",
        ProtocolVersion::TLSv1_2 => "TLSv1.2",
        _ => return None,
    };
    let suite = session.negotiated_cipher_suite()?.suite();
    let cipher_suite = suite.as_str()?.replace("TLS13_", "TLS_");
    let key_exchange = match session.negotiated_key_exchange_group().map(|group| group.name()) {
        None => "",
        Some(NamedGroup::X25519) => "x25519",
        Some(group) => group.as_str()?,
    };
    Some(TlsDetails { version: version.to_owned(), cipher_suite, key_exchange: key_exchange.to_owned() })
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

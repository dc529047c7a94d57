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

use super::tls::Callers;
use crate::front::Peer;
use crate::model::TlsDetails;

/// An accepted connection. Gives its place back when it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    session: Session,
    peer: Peer,
    _place: OwnedSemaphorePermit,
}

/// What calls come over.
#[derive(Debug)]
pub(super) enum Session {
    /// Without TLS, from this machine.
    Plain(TcpStream),
    /// After the handshake.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// `None` where the other end showed no certificate and must, which the verifier does not let happen.
    pub(super) fn new(session: Session, callers: Callers, from: SocketAddr, place: OwnedSemaphorePermit) -> Option<Self> {
        let tls = match &session {
            Session::Plain(_) => None,
            Session::Tls(stream) => Some(stream.get_ref().1),
        };
        let peer = match (callers, tls) {
            (Callers::Signed, _) => Peer::unnamed(),
            (Callers::Certified, None) => Peer::loopback(),
            (Callers::Certified, Some(tls)) => Peer::of_certificate(tls.peer_certificates()?.first()?),
        };
        let details = match tls {
            Some(tls) => Some(details(tls)?),
            None => None,
        };
        Some(Self { peer: peer.connected(details, from), session, _place: place })
    }

    /// The other end.
    pub(super) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Whether both ends agreed on HTTP/2; without TLS they do not.
    pub(super) fn is_http2(&self) -> bool {
        matches!(&self.session, Session::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2"))
    }
}

/// What the handshake agreed on. rustls has names of its own for some of it.
fn details(tls: &ServerConnection) -> Option<TlsDetails> {
    let version = match tls.protocol_version()? {
        ProtocolVersion::TLSv1_3 => "TLSv1.3",
        ProtocolVersion::TLSv1_2 => "TLSv1.2",
        _ => return None,
    };
    let suite = tls.negotiated_cipher_suite()?.suite();
    let cipher_suite = suite.as_str()?.replace("TLS13_", "TLS_");
    let key_exchange = match tls.negotiated_key_exchange_group().map(|group| group.name()) {
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
        match &mut self.session {
            Session::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Session::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.session {
            Session::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Session::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.session {
            Session::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
            Session::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.session {
            Session::Plain(stream) => stream.is_write_vectored(),
            Session::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.session {
            Session::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Session::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.session {
            Session::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Session::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

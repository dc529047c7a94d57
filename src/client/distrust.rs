//! The word of a service that does not take who asks, kept where HTTP/2 would lose it.
//!
//! Under TLS 1.3 the service looks at the caller's certificate when the handshake is over on this side. Its alert then ends a
//! connection that seemed good, and what waits on it is told no more than that it was closed.

use std::io::Error;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use rustls::AlertDescription;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The alert about the caller's certificate (RFC 8446 §6.2) that ended a connection, if no call was answered since.
#[derive(Clone, Debug, Default)]
pub(super) struct Distrust(Arc<Mutex<Option<AlertDescription>>>);

impl Distrust {
    /// What was kept, if anything was.
    pub(super) fn alert(&self) -> Option<AlertDescription> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call was answered: what was said before does not count any more.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn note(&self, error: &Error) {
        use AlertDescription as Alert;
        let held = error.get_ref().and_then(|held| held.downcast_ref::<rustls::Error>());
        let Some(rustls::Error::AlertReceived(alert)) = held else { return };
        if let Alert::AccessDenied
        | Alert::BadCertificate
        | Alert::CertificateExpired
        | Alert::CertificateRequired
        | Alert::CertificateRevoked
        | Alert::CertificateUnknown
        | Alert::DecryptError
        | Alert::UnknownCA
        | Alert::UnsupportedCertificate = alert
        {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(*alert);
        }
    }
}

/// A TLS stream that keeps such an alert.
pub(super) struct Watched<S> {
    stream: S,
    distrust: Distrust,
    /// Why nothing can be written any more.
    hung_up: Option<Error>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    pub(super) fn new(stream: S, distrust: Distrust) -> Self {
        Self { stream, distrust, hung_up: None }
    }

    /// Where the other side hung up on what was written, it has said why before: that is heard first.
    fn hear<T>(&mut self, context: &mut Context<'_>, error: Error) -> Poll<Result<T, Error>> {
        let mut bytes = [0; 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(said) => {
                    let _heard = said.inspect_err(|error| self.distrust.note(error));
                    return Poll::Ready(Err(error));
                }
                Poll::Pending => {
                    self.hung_up = Some(error);
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<(), Error>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        Poll::Ready(read.inspect_err(|error| self.distrust.note(error)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        if let Some(error) = self.hung_up.take() {
            return self.hear(context, error);
        }
        match ready!(Pin::new(&mut self.stream).poll_write(context, bytes)) {
            Ok(written) => Poll::Ready(Ok(written)),
            Err(error) => self.hear(context, error),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Some(error) = self.hung_up.take() {
            return self.hear(context, error);
        }
        match ready!(Pin::new(&mut self.stream).poll_flush(context)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) => self.hear(context, error),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

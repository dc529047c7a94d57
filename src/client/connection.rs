//! One connection to the service, made anew where it broke, and the calls over it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tonic::client::Grpc;
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::{PathAndQuery, Scheme};
use tonic::transport::Channel;

use super::codec::Bytes;
use super::endpoint::{Address, Endpoint, loopback};
use super::error::{Error, Local, Misconfigured, NOT_IN_TIME, Unreachable, of_status};
use super::tls;

/// How often a service is asked for a sign of life during a call, and how long it may take to give it.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How long to wait for the first frame of a service. One that sends none until it is spoken to is spoken to then.
const FIRST_FRAME: Duration = Duration::from_secs(1);

/// A connection to the service. Cheap to clone; clones share the connection.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    call_timeout: Option<Duration>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Configuration`] where the endpoint's settings do not serve, [`Error::Connection`] where nobody answers or is to
    /// be believed, or does not believe this caller.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, Error> {
        let way = Way::to(endpoint)?;
        let url = way.url.clone();
        let transport = Channel::builder(way.plain_uri()?)
            // What the service is told; the transport itself must not see https, for the TLS is ours.
            .origin(way.address.uri.clone())
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE);
        let connector = tower::service_fn(move |_: Uri| {
            let way = way.clone();
            async move { way.open().await.map(TokioIo::new) }
        });
        let channel = transport.connect_with_connector(connector).await;
        let channel = channel.map_err(|error| match of_status(&tonic::Status::from_error(error.into())) {
            Error::Lost(cause) => Error::Connection(Unreachable::network(&url, cause)),
            other => other,
        })?;
        Ok(Self { channel, call_timeout: endpoint.call_timeout })
    }

    /// Calls the RPC at `path`, for example `/keyferry.v1.KeyService/ListKeys`, with an encoded message, and returns the encoded
    /// answer.
    ///
    /// # Errors
    /// As [`Error`] sorts them. A time that is over is [`Error::Lost`].
    pub async fn call(&self, path: &str, message: Vec<u8>) -> Result<Vec<u8>, Error> {
        let not_a_path = |_| Error::Local(Local::Path(path.to_owned()));
        let path = PathAndQuery::try_from(path).map_err(not_a_path)?;
        let mut request = tonic::Request::new(message);
        if let Some(timeout) = self.call_timeout {
            request.set_timeout(timeout);
        }
        let mut grpc = Grpc::new(self.channel.clone());
        let call = async {
            grpc.ready().await.map_err(|error| tonic::Status::from_error(error.into()))?;
            grpc.unary(request, path, Bytes).await
        };
        let answer = match self.call_timeout {
            Some(timeout) => tokio::time::timeout(timeout, call).await.map_err(|_| Error::Lost(NOT_IN_TIME.to_owned()))?,
            None => call.await,
        };
        let answer = answer.map_err(|status| of_status(&status))?;
        Ok(answer.into_inner())
    }
}

/// All that it takes to open a connection, again and again.
#[derive(Clone)]
struct Way {
    url: Arc<str>,
    address: Address,
    loopback_only: bool,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Option<Duration>,
}

/// What bytes go over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Way {
    fn to(endpoint: &Endpoint) -> Result<Self, Misconfigured> {
        let address = endpoint.address()?;
        let tls = match address.is_https {
            true => {
                let name = ServerName::try_from(address.host.clone());
                let name = name.map_err(|_| Misconfigured::NotAUrl(endpoint.url.clone()))?;
                let config: ClientConfig = tls::config(endpoint)?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
            false => None,
        };
        let (url, timeout) = (endpoint.url.as_str().into(), endpoint.connect_timeout);
        let loopback_only = endpoint.is_believed_by_address(&address);
        Ok(Self { url, address, loopback_only, tls, timeout })
    }

    fn plain_uri(&self) -> Result<Uri, Misconfigured> {
        let mut parts = self.address.uri.clone().into_parts();
        parts.scheme = Some(Scheme::HTTP);
        Uri::from_parts(parts).map_err(|_| Misconfigured::NotAUrl(self.url.to_string()))
    }

    async fn open(&self) -> Result<Box<dyn Stream>, Unreachable> {
        match self.timeout {
            Some(timeout) => tokio::time::timeout(timeout, self.connect())
                .await
                .map_err(|_| Unreachable::network(&self.url, format!("no connection within {timeout:?}")))?,
            None => self.connect().await,
        }
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, Unreachable> {
        let network = |error| Unreachable::network(&self.url, error);
        let (host, port) = (self.address.host.as_str(), self.address.port);
        // RFC 6761 §6.3: no resolver is asked where this machine is. A bare container has none that would know.
        let mut addresses = match host {
            "localhost" => vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()],
            _ => lookup_host((host, port)).await.map_err(network)?.collect(),
        };
        if self.loopback_only {
            addresses = loopback(addresses).map_err(|why| Unreachable::trust(&self.url, why))?;
        }
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(network)?;
        stream.set_nodelay(true).map_err(network)?;
        let Some((connector, name)) = &self.tls else { return Ok(Box::new(stream)) };
        let tls = |error: io::Error| match error.get_ref().is_some_and(|held| held.is::<rustls::Error>()) {
            true => Unreachable::trust(&self.url, error),
            false => network(error),
        };
        let mut stream = BufReader::new(connector.connect(name.clone(), stream).await.map_err(tls)?);
        // Under TLS 1.3 the service looks at the caller's certificate when the handshake is over on this side, and a call that is
        // under way by then may be done or not. Its first frame (RFC 9113 §3.4), or its alert, says that it has looked.
        match tokio::time::timeout(FIRST_FRAME, stream.fill_buf()).await {
            Ok(Ok([])) => Err(network(io::ErrorKind::UnexpectedEof.into())),
            Ok(Err(error)) => Err(tls(error)),
            Ok(Ok(_)) | Err(_) => Ok(Box::new(stream)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address stands for what a resolver may make of `localhost`.
    #[tokio::test]
    async fn a_name_for_this_machine_that_leads_elsewhere_is_not_connected_to() {
        let mut way = Way::to(&Endpoint::new("http://localhost:1")).unwrap();
        way.address.host = "192.0.2.1".to_owned();
        let refusal = way.open().await.err().unwrap();
        assert!(!refusal.is_passing() && refusal.to_string().contains("not this machine here, but 192.0.2.1"), "{refusal}");
        for (endpoint, loopback_only) in [
            (Endpoint::new("https://localhost:1").accept_any_certificate(), true),
            (Endpoint::new("https://localhost:1").ca_bundle(self_signed()), false),
        ] {
            assert_eq!(Way::to(&endpoint).unwrap().loopback_only, loopback_only);
        }
    }

    fn self_signed() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().pem()
    }
}

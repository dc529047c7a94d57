//! One connection to the service, made anew where it broke, and the calls over it.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::client::Grpc;
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::{PathAndQuery, Scheme};
use tonic::transport::Channel;

use super::codec::Bytes;
use super::distrust::{Distrust, Watched};
use super::endpoint::{Address, Endpoint};
use super::error::{Error, Local, Misconfigured, NOT_IN_TIME, Unreachable, of_status};
use super::tls;

/// How often a service is asked for a sign of life during a call, and how long it may take to give it.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A connection to the service. Cheap to clone; clones share the connection.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    url: Arc<str>,
    call_timeout: Option<Duration>,
    distrust: Distrust,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Configuration`] where the endpoint's settings do not serve, [`Error::Connection`] where nobody answers or is to
    /// be believed. A service that does not believe this caller may say so only at the first call.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, Error> {
        let way = Way::to(endpoint)?;
        let (url, distrust) = (way.url.clone(), way.distrust.clone());
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
        Ok(Self { channel, url, call_timeout: endpoint.call_timeout, distrust })
    }

    /// What a lost connection really was, where the service said so.
    fn distrusted(&self, error: Error) -> Error {
        match (&error, self.distrust.alert()) {
            (Error::Lost(_) | Error::Connection(_), Some(alert)) => {
                Unreachable::trust(&self.url, format!("the service does not take who asks: {alert:?}")).into()
            }
            _ => error,
        }
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
        let answer = answer.map_err(|status| self.distrusted(of_status(&status)))?;
        self.distrust.forget();
        Ok(answer.into_inner())
    }
}

/// All that it takes to open a connection, again and again.
#[derive(Clone)]
struct Way {
    url: Arc<str>,
    address: Address,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Option<Duration>,
    distrust: Distrust,
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
        Ok(Self { url, address, tls, timeout, distrust: Distrust::default() })
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
        let stream = TcpStream::connect((self.address.host.as_str(), self.address.port)).await.map_err(network)?;
        stream.set_nodelay(true).map_err(network)?;
        let Some((connector, name)) = &self.tls else { return Ok(Box::new(stream)) };
        let stream = connector.connect(name.clone(), stream).await;
        let stream = stream.map_err(|error| match error.get_ref().is_some_and(|held| held.is::<rustls::Error>()) {
            true => Unreachable::trust(&self.url, error),
            false => network(error),
        })?;
        Ok(Box::new(Watched::new(stream, self.distrust.clone())))
    }
}

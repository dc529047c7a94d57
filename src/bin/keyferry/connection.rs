//! The way to the service: mutual TLS, or plain HTTP to this machine.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use keyferry::proto::import_service_client::ImportServiceClient;
use keyferry::proto::key_service_client::KeyServiceClient;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity, Uri};

use crate::arguments::Endpoint;
use crate::failure::Failure;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Told to the service too, which may then stop waiting for its token.
const CALL_DEADLINE: Duration = Duration::from_secs(60);

/// A connection, with a client for each service behind it.
pub(crate) struct Connection {
    pub(crate) keys: KeyServiceClient<Channel>,
    pub(crate) import: ImportServiceClient<Channel>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(endpoint: Endpoint) -> Result<Self, Failure> {
        let (url, transport) = configured(endpoint).map_err(Failure::Configuration)?;
        let channel = transport
            .connect()
            .await
            .with_context(|| format!("could not connect to the endpoint URL: {url:?}"))
            .map_err(Failure::Connection)?;
        Ok(Self { keys: KeyServiceClient::new(channel.clone()), import: ImportServiceClient::new(channel) })
    }
}

/// A request with the deadline of a call.
pub(crate) fn request<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(CALL_DEADLINE);
    request
}

fn configured(endpoint: Endpoint) -> anyhow::Result<(String, tonic::transport::Endpoint)> {
    let Endpoint { endpoint_url, ca_bundle, client_cert, client_key } = endpoint;
    let url = endpoint_url.ok_or_else(|| {
        anyhow!("no endpoint: give --endpoint-url or set KEYFERRY_ENDPOINT_URL, for example by sourcing .local/env")
    })?;
    let uri: Uri = url.parse().with_context(|| format!("the endpoint {url:?} is no URL"))?;
    let transport = Channel::builder(uri.clone()).connect_timeout(CONNECT_TIMEOUT);
    match uri.scheme_str() {
        Some("http") if is_loopback(&uri) => Ok((url, transport)),
        Some("http") => Err(anyhow!("{url} is not this machine: plain http goes to loopback only, use https")),
        Some("https") => {
            let file = |path: Option<PathBuf>, option: &str, variable: &str| {
                let path = path.ok_or_else(|| anyhow!("an https endpoint needs {option} or {variable}"))?;
                read(&path, option)
            };
            let ca = file(ca_bundle, "--ca-bundle", "KEYFERRY_CA_BUNDLE")?;
            let cert = file(client_cert, "--client-cert", "KEYFERRY_CLIENT_CERT")?;
            let key = file(client_key, "--client-key", "KEYFERRY_CLIENT_KEY")?;
            // Another crypto provider in the build would leave rustls without a default; one that is set already is as good.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let tls =
                ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)).identity(Identity::from_pem(cert, key));
            let transport = transport.tls_config(tls).context("the certificates or the key cannot be used")?;
            Ok((url, transport))
        }
        _ => Err(anyhow!("the endpoint {url:?} is neither http nor https")),
    }
}

fn read(path: &Path, option: &str) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{option} {}", path.display()))
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn refusal(url: Option<&str>) -> String {
        let none = Endpoint { endpoint_url: url.map(str::to_owned), ca_bundle: None, client_cert: None, client_key: None };
        configured(none).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for url in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://127.8.9.1:1"] {
            assert_eq!(refusal(Some(url)), "", "{url}");
        }
        for url in ["http://192.0.2.1:1", "http://localhost.example:1", "http://127.0.0.1.example:1", "http://[::2]:1"] {
            assert_eq!(
                refusal(Some(url)),
                format!("{url} is not this machine: plain http goes to loopback only, use https")
            );
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(refusal(None).starts_with("no endpoint: give --endpoint-url or set KEYFERRY_ENDPOINT_URL"));
        assert_eq!(refusal(Some("https://localhost:1")), "an https endpoint needs --ca-bundle or KEYFERRY_CA_BUNDLE");
        assert_eq!(refusal(Some("ftp://localhost")), "the endpoint \"ftp://localhost\" is neither http nor https");
        assert_eq!(refusal(Some("localhost:1")), "the endpoint \"localhost:1\" is neither http nor https");
    }
}

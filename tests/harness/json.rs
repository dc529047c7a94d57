//! A client of the JSON front that signs by itself: for what the KMS API's own clients cannot be made to send, and for speed.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Daemon, Installation};

/// What requests are signed with.
#[derive(Clone)]
pub struct AccessKey {
    pub id: String,
    pub secret: String,
}

impl AccessKey {
    /// Makes one for a principal, as an operator does.
    pub fn create(installation: &Installation, principal: &str) -> Self {
        let made = installation.command("access-key create").args(["--principal", principal]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let printed: Value = serde_json::from_slice(&made.stdout).unwrap();
        let member = |name: &str| printed["AccessKey"][name].as_str().unwrap().to_owned();
        Self { id: member("AccessKeyId"), secret: member("SecretAccessKey") }
    }

    /// The headers of a signed request (AWS Signature Version 4), in the form that botocore sends.
    pub fn sign(&self, host: &str, target: &str, body: &[u8], at: OffsetDateTime) -> [(&'static str, String); 4] {
        let (year, month, day, hour, minute, second) =
            (at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute(), at.second());
        let date = format!("{year:04}{month:02}{day:02}");
        let moment = format!("{date}T{hour:02}{minute:02}{second:02}Z");
        let signed = "content-type;host;x-amz-date;x-amz-target";
        let hash = |bytes: &[u8]| base16ct::lower::encode_string(&Sha256::digest(bytes));
        let canonical = format!(
            "POST\n/\n\ncontent-type:{MEDIA_TYPE}\nhost:{host}\nx-amz-date:{moment}\nx-amz-target:{target}\n\n{signed}\n{}",
            hash(body)
        );
        let scope = format!("{date}/us-east-1/kms/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hash(canonical.as_bytes()));
        let key = format!("AWS4{}", self.secret).into_bytes();
        let key = ["us-east-1", "kms", "aws4_request"].iter().fold(mac(&key, &date), |key, part| mac(&key, part));
        let signature = base16ct::lower::encode_string(&mac(&key, &to_sign));
        let credential = format!("{}/{scope}", self.id);
        [
            ("content-type", MEDIA_TYPE.to_owned()),
            ("x-amz-date", moment),
            ("x-amz-target", target.to_owned()),
            (
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"),
            ),
        ]
    }
}

const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Null where there is no body.
    pub body: Value,
}

impl Answer {
    /// The name of an error; empty where it is none.
    pub fn reason(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default()
    }
}

enum Sender {
    Http1(hyper::client::conn::http1::SendRequest<Full<Bytes>>),
    Http2(hyper::client::conn::http2::SendRequest<Full<Bytes>>),
}

/// One connection.
pub struct JsonClient {
    sender: Sender,
    access_key: AccessKey,
    host: String,
}

/// A connection on which TLS was agreed on with these protocols to choose from.
pub async fn connect(daemon: &Daemon, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(daemon.installation.authority.certificate.as_bytes()) {
        roots.add(ca.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(daemon.json_address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

impl JsonClient {
    /// Connects over HTTP/1.1.
    pub async fn connect(daemon: &Daemon, access_key: &AccessKey) -> Self {
        let stream = connect(daemon, &[b"http/1.1"]).await;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender: Sender::Http1(sender), access_key: access_key.clone(), host: daemon.json_address() }
    }

    /// Connects over HTTP/2.
    pub async fn connect_http2(daemon: &Daemon, access_key: &AccessKey) -> Self {
        let stream = connect(daemon, &[b"h2"]).await;
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        Self { sender: Sender::Http2(sender), access_key: access_key.clone(), host: daemon.json_address() }
    }

    /// Calls an operation of the KMS API, signed as of now.
    pub async fn call(&mut self, operation: &str, body: &Value) -> Answer {
        self.send(&format!("TrentService.{operation}"), body.to_string().into_bytes()).await
    }

    /// Sends a body to a target, signed as of now.
    pub async fn send(&mut self, target: &str, body: Vec<u8>) -> Answer {
        let headers = self.access_key.sign(&self.host, target, &body, OffsetDateTime::now_utc());
        let uri = match &self.sender {
            Sender::Http1(_) => "/".to_owned(),
            Sender::Http2(_) => format!("https://{}/", self.host),
        };
        let mut request = Request::post(uri);
        if let Sender::Http1(_) = &self.sender {
            request = request.header("host", &self.host);
        }
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = request.body(Full::from(body)).unwrap();
        let response = match &mut self.sender {
            Sender::Http1(sender) => sender.send_request(request).await,
            Sender::Http2(sender) => sender.send_request(request).await,
        };
        let (parts, body) = response.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

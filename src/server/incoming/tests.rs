//! Real handshakes over loopback.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_stream::StreamExt;
use tonic::transport::server::Connected;

use super::*;
use crate::config::Tls;

/// A CA, and a folder with a server's files.
struct World {
    folder: tempfile::TempDir,
    ca: Issuer<'static, KeyPair>,
    ca_der: CertificateDer<'static>,
}

impl World {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let world =
            Self { folder: tempfile::tempdir().unwrap(), ca_der: certificate.der().clone(), ca: Issuer::new(params, key) };
        world.write("ca.pem", &certificate.pem());
        world.renew();
        world
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A new certificate for the server.
    fn renew(&self) -> CertificateDer<'static> {
        let (certificate, key) = self.issue("localhost");
        self.write("server.pem", &certificate.pem());
        self.write("server.key", &key.serialize_pem());
        certificate.der().clone()
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.ca).unwrap(), key)
    }

    fn files(&self) -> Tls {
        let file = |name: &str| self.folder.path().join(name);
        Tls { certificate: file("server.pem"), private_key: file("server.key"), client_ca: file("ca.pem"), client_crl: None }
    }

    fn identity(&self) -> Arc<Identity> {
        Arc::new(Identity::load(self.files()).unwrap())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca_der.clone()).unwrap();
        roots
    }

    fn client(&self, name: Option<&str>) -> TlsConnector {
        let roots = self.roots();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match name {
            Some(name) => {
                let (certificate, key) = self.issue(name);
                let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        TlsConnector::from(Arc::new(config))
    }
}

async fn listen(identity: Option<Arc<Identity>>) -> (Incoming, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (Incoming::start(listener, identity, Callers::Certified), address)
}

async fn connect(client: &TlsConnector, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.unwrap();
    client.connect(ServerName::try_from("localhost").unwrap(), stream).await
}

async fn shown(client: &TlsConnector, address: SocketAddr) -> CertificateDer<'static> {
    let stream = connect(client, address).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn a_caller_is_known_by_its_certificate() {
    let world = World::new();
    let (mut incoming, address) = listen(Some(world.identity())).await;
    let client = connect(&world.client(Some("importer.test")), address).await.unwrap();
    let peer = incoming.next().await.unwrap().unwrap().connect_info();
    assert_eq!(peer.name(), Some("importer.test"));
    assert_eq!(peer.address, Some(client.get_ref().0.local_addr().unwrap()));
    let tls = peer.tls.unwrap();
    let names = (tls.version.as_str(), tls.cipher_suite.as_str(), tls.key_exchange.as_str());
    assert_eq!(names, ("TLSv1.3", "TLS_AES_256_GCM_SHA384", "X25519MLKEM768"));
}

/// The registry's names, which are not those of rustls.
#[tokio::test]
async fn a_connection_goes_by_the_names_of_the_registry() {
    use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
    use rustls::{SupportedCipherSuite as Suite, crypto::SupportedKxGroup as Group};
    let world = World::new();
    let (mut incoming, address) = listen(Some(world.identity())).await;
    #[rustfmt::skip]
    let cases: [(Suite, &'static dyn Group, _); 3] = [
        (cipher_suite::TLS13_CHACHA20_POLY1305_SHA256, kx_group::X25519, ["TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "x25519"]),
        (cipher_suite::TLS13_AES_128_GCM_SHA256, kx_group::SECP384R1,    ["TLSv1.3", "TLS_AES_128_GCM_SHA256", "secp384r1"]),
        (cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, kx_group::SECP256R1,
                                                     ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "secp256r1"]),
    ];
    for (suite, group, expected) in cases {
        let provider = rustls::crypto::CryptoProvider {
            cipher_suites: vec![suite],
            kx_groups: rustls::crypto::aws_lc_rs::ALL_KX_GROUPS
                .iter()
                .copied()
                .filter(|kx| kx.name() == group.name())
                .collect(),
            ..default_provider()
        };
        let (certificate, key) = world.issue("importer.test");
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(world.roots())
            .with_client_auth_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let _client = connect(&TlsConnector::from(Arc::new(config)), address).await.unwrap();
        let tls = incoming.next().await.unwrap().unwrap().connect_info().tls.unwrap();
        assert_eq!([&*tls.version, &*tls.cipher_suite, &*tls.key_exchange], expected);
    }
}

#[tokio::test]
async fn without_tls_a_caller_is_loopback() {
    let (mut incoming, address) = listen(None).await;
    let _client = TcpStream::connect(address).await.unwrap();
    let connection = incoming.next().await.unwrap().unwrap();
    assert_eq!(connection.connect_info().name(), Some("loopback"));
}

#[tokio::test]
async fn who_shows_no_certificate_or_a_strangers_is_turned_away() {
    let (world, stranger) = (World::new(), World::new());
    let (mut incoming, address) = listen(Some(world.identity())).await;
    let strange = stranger.issue("importer.test");
    for client in [world.client(None), {
        let mut roots = RootCertStore::empty();
        roots.add(world.ca_der.clone()).unwrap();
        let key = PrivateKeyDer::try_from(strange.1.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![strange.0.der().clone()], key)
            .unwrap();
        TlsConnector::from(Arc::new(config))
    }] {
        // Under TLS 1.3 the client is done first and hears of the refusal when it reads.
        let refused = match connect(&client, address).await {
            Ok(mut stream) => stream.read(&mut [0]).await.is_err(),
            Err(_) => true,
        };
        assert!(refused);
    }
    // The next one through is the one that may.
    let _client = connect(&world.client(Some("importer.test")), address).await.unwrap();
    let connection = incoming.next().await.unwrap().unwrap();
    assert_eq!(connection.connect_info().name(), Some("importer.test"));
}

#[tokio::test]
async fn a_silent_connection_keeps_nobody_waiting() {
    let world = World::new();
    let (mut incoming, address) = listen(Some(world.identity())).await;
    let _silent = TcpStream::connect(address).await.unwrap();
    let _client = connect(&world.client(Some("importer.test")), address).await.unwrap();
    assert!(incoming.next().await.is_some());
}

/// Whoever fills the way in with silence keeps out nobody but itself.
#[tokio::test]
async fn of_too_many_handshakes_the_oldest_ends() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut incoming = Incoming::bounded(listener, Some(world.identity()), Callers::Certified, 2);
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    assert_eq!(silent[0].read(&mut [0]).await.unwrap(), 0, "the first of three");
    let _client = connect(&world.client(Some("importer.test")), address).await.unwrap();
    assert!(incoming.next().await.is_some());
    assert_eq!(silent[1].read(&mut [0]).await.unwrap(), 0, "the second made room for the client");
    assert_eq!(silent[2].try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "the last may go on");
}

#[tokio::test]
async fn a_new_certificate_is_shown_after_a_reload_and_a_bad_one_never() {
    let world = World::new();
    let identity = world.identity();
    let (_incoming, address) = listen(Some(identity.clone())).await;
    let client = world.client(Some("importer.test"));
    let first = shown(&client, address).await;
    let second = world.renew();
    assert_eq!(shown(&client, address).await, first, "not before the reload");
    identity.reload().unwrap();
    assert_eq!(shown(&client, address).await, second);

    let files = world.files();
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let bad: [(&Path, &str, &str); 6] = [
        (&files.certificate, "", "no certificate in it; expected PEM"),
        (&files.certificate, "-----BEGIN CERTIFICATE-----\n!", "not well-formed; expected certificates as PEM"),
        (&files.private_key, "", "nothing of use in it; expected a private key as PEM"),
        (&files.private_key, &other_key, "not the key of the certificate in "),
        (&files.client_ca, "", "no certificate in it; expected PEM"),
        (&files.client_ca, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not a CA certificate: "),
    ];
    for (path, content, problem) in bad {
        let good = std::fs::read(path).unwrap();
        std::fs::write(path, content).unwrap();
        let error = identity.reload().unwrap_err().to_string();
        assert!(error.contains(&format!("{}: {problem}", path.display())), "{error}");
        assert_eq!(shown(&client, address).await, second);
        std::fs::write(path, good).unwrap();
    }
    std::fs::set_permissions(&files.private_key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = identity.reload().unwrap_err().to_string();
    assert!(error.starts_with("server.tls.private_key: ") && error.contains(": mode 0644 lets others read"), "{error}");
    assert_eq!(shown(&client, address).await, second);
    std::fs::set_permissions(&files.private_key, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::remove_file(&files.client_ca).unwrap();
    let error = identity.reload().unwrap_err().to_string();
    assert_eq!(error, format!("server.tls.client_ca: {}: there is no such file", files.client_ca.display()));
    assert_eq!(shown(&client, address).await, second);
}

#[tokio::test]
async fn the_door_closes_when_nobody_takes_what_comes() {
    let (incoming, address) = listen(None).await;
    drop(incoming);
    // The listener goes with its task, which ends as soon as it runs.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

//! Whom the client talks to, and whom it refuses to talk to.

use std::time::Duration;

use keyferry::client::{Client, Endpoint, Error, Misconfigured, Setting};
use keyferry::proto as pb;
use keyferry::proto::operator_service_server::OperatorServiceServer;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::{client, endpoint, shown, stranger};
use crate::harness::Daemon;
use crate::harness::certificates::{Authority, Identity};
use crate::harness::proxy::Proxy;

#[tokio::test]
async fn localhost_and_an_address_both_name_this_machine() {
    let daemon = Daemon::shared();
    let port = daemon.address().rsplit_once(':').unwrap().1;
    for url in [format!("https://localhost:{port}"), format!("https://127.0.0.1:{port}/")] {
        let endpoint = shown(endpoint(&daemon, &url), &daemon.installation.importer);
        let info = Client::connect(&endpoint).await.unwrap().get_server_info().await.unwrap();
        assert_eq!(info.region, "us-east-1", "{url}");
    }
    // The certificate says nothing of this address.
    let elsewhere = shown(endpoint(&daemon, &format!("https://127.0.0.2:{port}")), &daemon.installation.importer);
    assert!(matches!(Client::connect(&elsewhere).await, Err(Error::Connection(_))));
}

#[tokio::test]
async fn a_service_that_nobody_vouches_for_is_not_spoken_to() {
    let daemon = Daemon::shared();
    let endpoint = stranger(&daemon).ca_bundle(Authority::new().certificate);
    let refusal = Client::connect(&shown(endpoint, &daemon.installation.importer)).await.unwrap_err();
    assert!(matches!(refusal, Error::Connection(_)) && !refusal.is_passing(), "{refusal:?}");
    let message = refusal.to_string();
    let url = format!("could not connect to the endpoint URL: \"https://{}\": ", daemon.address());
    assert!(message.starts_with(&url) && message.contains("invalid peer certificate"), "{message}");
}

#[tokio::test]
async fn a_caller_whom_nobody_vouches_for_is_told_so_and_nothing_was_sent() {
    let daemon = Daemon::shared();
    // Its authority has the name of the one that is believed, and another key: the signature is wrong.
    let unknown = Authority::new().client_by_dns("importer.test");
    for (endpoint, alert) in
        [(stranger(&daemon), "CertificateRequired"), (shown(stranger(&daemon), &unknown), "DecryptError")]
    {
        // Under TLS 1.3 the service may look at the certificate after the client is done.
        let refusal = match Client::connect(&endpoint).await {
            Ok(client) => client.get_server_info().await.unwrap_err(),
            Err(refusal) => refusal,
        };
        assert!(matches!(refusal, Error::Connection(_)) && !refusal.is_passing(), "{refusal:?}");
        assert!(refusal.to_string().contains(alert), "{refusal}");
    }
}

#[tokio::test]
async fn any_certificate_is_believed_on_this_machine_alone() {
    let daemon = Daemon::shared();
    let importer = &daemon.installation.importer;
    let trusting = shown(Endpoint::new(format!("https://{}", daemon.address())), importer).accept_any_certificate();
    Client::connect(&trusting).await.unwrap().get_server_info().await.unwrap();

    let far = shown(Endpoint::new("https://keyferry.example:8443"), importer).accept_any_certificate();
    let Err(Error::Configuration(refusal)) = Client::connect(&far).await else { panic!("it connects") };
    assert_eq!(refusal, Misconfigured::AcceptAny("https://keyferry.example:8443".to_owned()));
    assert_eq!(refusal.setting(), Setting::AcceptAnyCertificate);
}

/// A server that has no private key of the certificate it shows is not believed even then: the handshake is signed.
#[tokio::test]
async fn a_certificate_whose_key_is_not_there_is_never_believed() {
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    let (shown, held) = (Authority::new().server(), Authority::new().server());
    let chain = vec![rustls::pki_types::pem::PemObject::from_pem_slice(shown.certificate.as_bytes()).unwrap()];
    let key: rustls::pki_types::PrivateKeyDer =
        rustls::pki_types::pem::PemObject::from_pem_slice(held.private_key.as_bytes()).unwrap();
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(std::sync::Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))));
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let impostor = tokio::spawn(async move { acceptor.accept(listener.accept().await.unwrap().0).await.map(drop) });
    let refusal = Client::connect(&Endpoint::new(url).accept_any_certificate()).await.unwrap_err();
    assert!(refusal.to_string().contains("BadSignature"), "{refusal}");
    impostor.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn files_that_do_not_serve_are_told_by_their_setting() {
    let daemon = Daemon::shared();
    let Identity { certificate, private_key } = daemon.installation.importer.clone();
    let (ca, other) = (daemon.installation.authority.certificate.clone(), Authority::new().server());
    let key = || private_key.clone().into_bytes();
    let of = |endpoint: Endpoint| async move {
        let Err(Error::Configuration(refusal)) = Client::connect(&endpoint).await else { panic!("it connects") };
        (refusal.setting(), refusal.to_string())
    };
    let endpoint = || Endpoint::new("https://localhost:1");
    #[rustfmt::skip]
    let cases = [
        (of(endpoint().ca_bundle("")).await,                Setting::CaBundle,          "the CA bundle is of no use: no certificate in it; expected PEM"),
        (of(endpoint().ca_bundle(key())).await,             Setting::CaBundle,          "the CA bundle is of no use: no certificate in it; expected PEM"),
        (of(endpoint().ca_bundle(ca.as_str()).identity("", key())).await,
                                                            Setting::ClientCertificate, "the client certificate is of no use: no certificate in it; expected PEM"),
        (of(endpoint().ca_bundle(ca.as_str()).identity(certificate.as_str(), certificate.clone().into_bytes())).await,
                                                            Setting::ClientKey,         "the client key is of no use: nothing of use in it; expected an unencrypted private key as PEM"),
        (of(endpoint().ca_bundle(ca.as_str()).identity(certificate.as_str(), other.private_key.into_bytes())).await,
                                                            Setting::ClientKey,         "the client key is of no use: not the key of the client certificate"),
    ];
    for ((setting, message), expected, words) in cases {
        assert_eq!((setting, message.as_str()), (expected, words));
    }
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_lost() {
    // Takes connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let client = Client::connect(&Endpoint::new(url).call_timeout(Some(Duration::from_millis(50)))).await.unwrap();
    let lost = client.get_server_info().await.unwrap_err();
    assert!(matches!(lost, Error::Lost(_)), "{lost:?}");
    assert_eq!(
        lost.to_string(),
        "the connection was lost, and what was asked may be done or not: there was no answer in time"
    );
}

/// What was sent by then may be done.
#[tokio::test]
async fn an_alert_in_the_middle_of_a_call_leaves_its_outcome_open() {
    let daemon = Daemon::shared();
    let proxy = Proxy::to(daemon.address()).await;
    let client =
        Client::connect(&shown(endpoint(&daemon, &format!("https://{}", proxy.address)), &daemon.installation.importer))
            .await
            .unwrap();
    client.get_server_info().await.unwrap();
    proxy.spoil();
    let lost = client.get_server_info().await.unwrap_err();
    assert!(matches!(&lost, Error::Lost(cause) if cause.contains("BadRecordMac")), "{lost:?}");
}

#[tokio::test]
async fn a_connection_that_takes_too_long_is_none() {
    // Takes the connection, and never answers the TLS handshake.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let daemon = Daemon::shared();
    let endpoint = endpoint(&daemon, &format!("https://{}", silent.local_addr().unwrap()));
    let refusal = Client::connect(&endpoint.connect_timeout(Some(Duration::from_millis(50)))).await.unwrap_err();
    assert!(refusal.is_passing() && refusal.to_string().ends_with("no connection within 50ms"), "{refusal}");
}

#[tokio::test]
async fn bytes_go_through_as_they_are() {
    let daemon = Daemon::shared();
    let client = client(&daemon).await;
    let page = client.call("/keyferry.v1.KeyService/ListKeys", vec![8, 1]).await.unwrap();
    assert!(
        prost::Message::decode(page.as_slice()).is_ok_and(|page: keyferry::proto::ListKeysResponse| page.keys.len() <= 1)
    );
    let unknown = client.call("/keyferry.v1.KeyService/NoSuchThing", Vec::new()).await.unwrap_err();
    assert!(unknown.to_string().starts_with("Unimplemented"), "{unknown}");
    let Err(Error::Refused(refusal)) = client.describe_key("x").await else { panic!("there is a key x") };
    assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("NotFoundException", "Invalid keyId 'x'"));
    assert!(refusal.request_id.is_some());
}

/// Answers by the deadline that it was told.
struct Watch;

#[tonic::async_trait]
impl pb::operator_service_server::OperatorService for Watch {
    async fn get_server_info(
        &self,
        call: Request<pb::GetServerInfoRequest>,
    ) -> Result<Response<pb::GetServerInfoResponse>, Status> {
        let deadline = call.metadata().get("grpc-timeout").map(|told| told.to_str().unwrap().to_owned());
        Err(Status::aborted(format!("{deadline:?}")))
    }

    async fn get_token_profile(
        &self,
        _: Request<pb::GetTokenProfileRequest>,
    ) -> Result<Response<pb::GetTokenProfileResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn advance_clock(
        &self,
        _: Request<pb::AdvanceClockRequest>,
    ) -> Result<Response<pb::AdvanceClockResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[tokio::test]
async fn the_service_is_told_how_long_the_caller_waits() {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", incoming.local_addr().unwrap());
    tokio::spawn(Server::builder().add_service(OperatorServiceServer::new(Watch)).serve_with_incoming(incoming));
    let told = async |endpoint: Endpoint| Client::connect(&endpoint).await.unwrap().get_server_info().await.unwrap_err();
    let endpoint = || Endpoint::new(url.as_str());
    #[rustfmt::skip]
    let cases = [
        (endpoint(),                                              "Aborted: Some(\"60000000u\")"),
        (endpoint().call_timeout(Some(Duration::from_secs(7))),   "Aborted: Some(\"7000000u\")"),
        (endpoint().call_timeout(Some(Duration::MAX)),            "Aborted: Some(\"31536000S\")"),
        (endpoint().call_timeout(None),                           "Aborted: None"),
    ];
    for (endpoint, expected) in cases {
        assert_eq!(told(endpoint).await.to_string(), expected);
    }
    // Not every machine has IPv6.
    if let Ok(incoming) = TcpIncoming::bind("[::1]:0".parse().unwrap()) {
        let url = format!("http://{}", incoming.local_addr().unwrap());
        tokio::spawn(Server::builder().add_service(OperatorServiceServer::new(Watch)).serve_with_incoming(incoming));
        assert_eq!(told(Endpoint::new(url).call_timeout(None)).await.to_string(), "Aborted: None");
    }
}

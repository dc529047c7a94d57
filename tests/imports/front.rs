//! The front door: who gets in, what stands beside the services, and certificates that change while it is open.

use keyferry::model::{WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use tokio_stream::StreamExt;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::{v1, v1alpha};

use crate::call;
use crate::harness::certificates::{Authority, Identity};
use crate::harness::{Client, Daemon, Refusal, Settings};

const SERVICES: [&str; 6] = [
    "keyferry.v1.AliasService",
    "keyferry.v1.CryptographyService",
    "keyferry.v1.ImportService",
    "keyferry.v1.KeyService",
    "keyferry.v1.OperatorService",
    "keyferry.v1.RotationService",
];

/// Whether a client so identified gets an answer. Under TLS 1.3 it learns of a refusal at its first call only.
async fn gets_in(daemon: &Daemon, identity: Option<&Identity>) -> Result<(), String> {
    let client = daemon.try_client(identity).await.map_err(|error| error.to_string())?;
    answers(&client).await.map_err(|refusal| format!("{refusal:?}"))
}

async fn answers(client: &Client) -> Result<(), Refusal> {
    call!(client.keys(), list_keys, pb::ListKeysRequest::default()).map(drop)
}

#[tokio::test]
async fn only_clients_of_the_authority_with_a_name_get_in() {
    let daemon = Daemon::shared();
    let (ours, foreign) = (&daemon.installation.authority, Authority::new());
    gets_in(&daemon, Some(&ours.client_by_uri("spiffe://example.org/another"))).await.unwrap();
    gets_in(&daemon, Some(&ours.client_by_dns("importer.example.org"))).await.unwrap();
    #[rustfmt::skip]
    let strangers = [
        ("no certificate",        None),
        ("another authority's",   Some(foreign.client_by_uri("spiffe://example.org/importer"))),
        ("a nameless one",        Some(ours.client_without_name())),
        ("a server's",            Some(ours.server())),
    ];
    for (case, identity) in strangers {
        gets_in(&daemon, identity.as_ref()).await.expect_err(case);
    }
    let plain = Endpoint::from_shared(format!("http://{}", daemon.address())).unwrap().connect().await;
    if let Ok(channel) = plain {
        answers(&Client { channel }).await.expect_err("no TLS, no answer");
    }
}

#[tokio::test]
async fn reflection_and_health_answer() {
    let daemon = Daemon::shared();
    let channel = daemon.client().await.channel;
    for service in [""].iter().chain(&SERVICES) {
        let request = HealthCheckRequest { service: (*service).to_owned() };
        let answer = HealthClient::new(channel.clone()).check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service:?}");
    }

    let request = v1::ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    let mut answers = ServerReflectionClient::new(channel.clone())
        .server_reflection_info(tokio_stream::once(request))
        .await
        .unwrap()
        .into_inner();
    let Some(MessageResponse::ListServicesResponse(listed)) = answers.next().await.unwrap().unwrap().message_response else {
        panic!("no list")
    };
    let names: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
    for service in SERVICES {
        assert!(names.iter().any(|name| name == service), "{service} is not among {names:?}");
    }
    // Older clients speak nothing else.
    let symbol = v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol("keyferry.v1.KeyMetadata".into());
    let request = v1alpha::ServerReflectionRequest { message_request: Some(symbol), ..Default::default() };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response;
    assert!(
        matches!(answer, Some(v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn certificates_are_read_again_on_sighup_and_a_bad_file_keeps_the_old() {
    let daemon = Daemon::start(Settings::default());
    let (installation, old) = (&daemon.installation, &daemon.installation.importer);
    gets_in(&daemon, Some(old)).await.unwrap();

    let broken = Identity { certificate: "no certificate".into(), private_key: "no key".into() };
    installation.write_server_certificate(&broken);
    daemon.reload();
    daemon.wait_for_log(|line| line["level"] == "ERROR" || line["level"] == "WARN");
    gets_in(&daemon, Some(old)).await.expect("the old certificate serves on");

    let next = Authority::new();
    let importer = next.client_by_uri("spiffe://example.org/importer");
    installation.write_server_certificate(&next.server());
    std::fs::write(installation.file("client-ca.pem"), &next.certificate).unwrap();
    daemon.reload();
    let mut tries = 0;
    let client = loop {
        if let Ok(client) = Client::connect(daemon.address(), &next.certificate, Some(&importer)).await {
            break client;
        }
        tries += 1;
        assert!(tries < 1000, "the new certificate never serves");
        tokio::task::yield_now().await;
    };
    answers(&client).await.unwrap();
    let old = Client::connect(daemon.address(), &next.certificate, Some(old)).await;
    if let Ok(client) = old {
        answers(&client).await.expect_err("a client of the old authority");
    }
}

#[tokio::test]
async fn a_call_in_flight_is_answered_before_the_service_ends() {
    let daemon = Daemon::start(Settings::default());
    let client = daemon.client().await;
    let key = client.create_symmetric().await;
    // Making an RSA_4096 pair takes a second or more.
    let (caller, id) = (client.clone(), key.key_id.clone());
    let mut slow =
        Box::pin(async move { caller.parameters(&id, WrappingAlgorithm::RsaesOaepSha1, WrappingKeySpec::Rsa4096).await });
    tokio::select! {
        biased;
        _ = &mut slow => panic!("it was answered before the next call"),
        // Sent after it over the same connection, and so answered when it has been received.
        _ = client.describe(&key.key_id) => {}
    }
    let ended = tokio::task::spawn_blocking(move || daemon.terminate_with_log());
    slow.await.unwrap();
    drop(client);
    let (_, log) = ended.await.unwrap();
    assert!(log.contains("draining"), "{log}");
}

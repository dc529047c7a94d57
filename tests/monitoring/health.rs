//! What callers and load balancers see of how the service is.

use std::time::Duration;

use keyferry::proto as pb;
use tokio_stream::StreamExt;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::call;
use crate::harness::Client;

/// The services that health is told of; the first stands for all together.
pub(super) const EACH: [&str; 7] = [
    "",
    "keyferry.v1.AliasService",
    "keyferry.v1.CryptographyService",
    "keyferry.v1.ImportService",
    "keyferry.v1.KeyService",
    "keyferry.v1.OperatorService",
    "keyferry.v1.RotationService",
];

/// The services that serve.
pub(super) async fn serving(client: &Client) -> Vec<&'static str> {
    let mut serving = Vec::new();
    for service in EACH {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = HealthClient::new(client.channel.clone()).check(request).await.unwrap().into_inner();
        if answer.status() == ServingStatus::Serving {
            serving.push(service);
        }
    }
    serving
}

/// Each change of one service's state.
pub(super) struct Watch(tonic::Streaming<tonic_health::pb::HealthCheckResponse>);

impl Watch {
    pub(super) async fn begin(client: &Client, service: &str) -> Self {
        let request = HealthCheckRequest { service: service.to_owned() };
        Self(HealthClient::new(client.channel.clone()).watch(request).await.unwrap().into_inner())
    }

    pub(super) async fn until(&mut self, wanted: ServingStatus) {
        while self.0.next().await.expect("the watch goes on").unwrap().status() != wanted {}
    }

    /// Checks that nothing has been told yet but that it serves.
    pub(super) async fn never_ceased(&mut self) {
        while let Ok(told) = tokio::time::timeout(Duration::ZERO, self.0.next()).await {
            assert_eq!(told.expect("the watch goes on").unwrap().status(), ServingStatus::Serving);
        }
    }
}

/// How a part is, as operators are told.
pub(super) async fn part(client: &Client, name: &str) -> pb::PartHealth {
    let info = call!(client.operator(), get_server_info, pb::GetServerInfoRequest {}).unwrap();
    info.parts.into_iter().find(|part| part.name == name).unwrap()
}

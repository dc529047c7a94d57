//! The gRPC front: what comes over the wire becomes a call of the service, and its answer or refusal goes back.
//!
//! Proto types live here and nowhere deeper. Every handler is one conversion in, one use case, one conversion out; who
//! calls, until when, how many at once and the line in the log are the same for all fronts, and so are in `front`.

mod alias;
mod calls;
mod convert;
mod cryptography;
mod deadline;
mod health;
mod import;
mod key;
mod operator;
mod region;
mod rotation;
mod status;

pub use health::Health;

use std::sync::Arc;

use tonic::service::Routes;
use tonic::{Response, Status};

use crate::front;
use crate::proto;
use crate::proto::alias_service_server::AliasServiceServer;
use crate::proto::cryptography_service_server::CryptographyServiceServer;
use crate::proto::import_service_server::ImportServiceServer;
use crate::proto::key_service_server::KeyServiceServer;
use crate::proto::operator_service_server::OperatorServiceServer;
use crate::proto::region_service_server::RegionServiceServer;
use crate::proto::rotation_service_server::RotationServiceServer;
use crate::service::Service;

use calls::Calls;

/// The most that one request may measure on the wire, in bytes: its largest fields are two blobs of 6144.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// The same for the life of keys: policy documents of 131072 characters, of two bytes each at most, with a description and tags.
const MAX_KEY_REQUEST_BYTES: usize = 384 * 1024;

type Answer<T> = Result<Response<T>, Status>;

/// The gRPC services over one [`Service`].
#[derive(Clone, Debug)]
pub struct Front {
    service: Arc<Service>,
    calls: Calls,
}

impl Front {
    /// A front whose callers have their places among `calls`.
    pub fn new(service: Arc<Service>, calls: &front::Calls) -> Self {
        Self { calls: Calls::new(calls), service }
    }

    /// Everything that is served: the services, health and reflection.
    ///
    /// # Errors
    /// Where reflection cannot read the descriptors, which only a broken build can bring about.
    pub async fn routes(&self) -> Result<(Routes, Health), tonic_reflection::server::Error> {
        let describe = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        // Many clients still ask in v1alpha only.
        let (v1, v1alpha) = (describe().build_v1()?, describe().build_v1alpha()?);
        let (reporter, health) = tonic_health::server::health_reporter();
        let state = Health::begin(reporter, self.service.health()).await;
        let routes = Routes::new(ImportServiceServer::new(self.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
            .add_service(AliasServiceServer::new(self.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
            .add_service(CryptographyServiceServer::new(self.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
            .add_service(KeyServiceServer::new(self.clone()).max_decoding_message_size(MAX_KEY_REQUEST_BYTES))
            .add_service(OperatorServiceServer::new(self.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
            .add_service(RegionServiceServer::new(self.clone()).max_decoding_message_size(MAX_KEY_REQUEST_BYTES))
            .add_service(RotationServiceServer::new(self.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
            .add_service(health)
            .add_service(v1)
            .add_service(v1alpha);
        Ok((routes, state))
    }
}

//! A service that stands before the daemon, does as it is told, and tells the truth only where it is let.

use std::sync::Arc;

use keyferry::proto as pb;
use pb::import_service_server::{ImportService, ImportServiceServer};
use pb::key_service_server::{KeyService, KeyServiceServer};
use pb::operator_service_server::{OperatorService, OperatorServiceServer};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::Client;

/// What is to become of a call: `None` lets it through.
pub type Mischief = dyn Fn(&str, &[u8]) -> Option<Status> + Send + Sync;

const OTHER_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// The service. Plain http, to this machine.
#[derive(Clone)]
pub struct Front {
    daemon: Client,
    mischief: Arc<Mischief>,
    lie: Lie,
}

/// What it does not tell the truth about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    Nothing,
    /// Shows another fingerprint than the daemon's.
    Fingerprint,
    /// Hands out sets that expose more than the profile says.
    Exposure,
    /// Hands out sets for another key.
    Key,
    /// Has one key on every page, however many are asked for.
    Pages,
}

impl Front {
    /// Serves until the test ends; the URL.
    pub async fn serve(
        daemon: Client,
        lie: Lie,
        mischief: impl Fn(&str, &[u8]) -> Option<Status> + Send + Sync + 'static,
    ) -> String {
        let front = Self { daemon, mischief: Arc::new(mischief), lie };
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", incoming.local_addr().unwrap());
        let server = Server::builder()
            .add_service(KeyServiceServer::new(front.clone()))
            .add_service(ImportServiceServer::new(front.clone()))
            .add_service(OperatorServiceServer::new(front));
        tokio::spawn(server.serve_with_incoming(incoming));
        url
    }

    fn ask(&self, method: &str, question: &impl prost::Message) -> Result<(), Status> {
        (self.mischief)(method, &question.encode_to_vec()).map_or(Ok(()), Err)
    }

    fn shorten(&self, question: &mut dyn std::any::Any) {
        if let (Lie::Pages, Some(list)) = (self.lie, question.downcast_mut::<pb::ListKeysRequest>()) {
            list.limit = Some(1);
        }
    }
}

macro_rules! through {
    ($service:ident $clients:ident { $($rpc:ident $question:ident $answer:ident $change:expr;)+ }) => {
        #[tonic::async_trait]
        impl $service for Front {
            $(async fn $rpc(&self, request: Request<pb::$question>) -> Result<Response<pb::$answer>, Status> {
                self.ask(stringify!($rpc), request.get_ref())?;
                let mut question = request.into_inner();
                self.shorten(&mut question);
                let mut answer = self.daemon.$clients().$rpc(question).await?.into_inner();
                let change: fn(&Self, &mut pb::$answer) = $change;
                change(self, &mut answer);
                Ok(Response::new(answer))
            })+
        }
    };
}

through! { KeyService keys {
    create_key CreateKeyRequest CreateKeyResponse |_, _| {};
    describe_key DescribeKeyRequest DescribeKeyResponse |_, _| {};
    list_keys ListKeysRequest ListKeysResponse |_, _| {};
    get_public_key GetPublicKeyRequest GetPublicKeyResponse |_, _| {};
    enable_key EnableKeyRequest EnableKeyResponse |_, _| {};
    disable_key DisableKeyRequest DisableKeyResponse |_, _| {};
    schedule_key_deletion ScheduleKeyDeletionRequest ScheduleKeyDeletionResponse |_, _| {};
    cancel_key_deletion CancelKeyDeletionRequest CancelKeyDeletionResponse |_, _| {};
    update_key_description UpdateKeyDescriptionRequest UpdateKeyDescriptionResponse |_, _| {};
} }

through! { ImportService imports {
    get_parameters_for_import GetParametersForImportRequest GetParametersForImportResponse |front, answer| match front.lie {
        Lie::Exposure => answer.set_host_exposure(pb::HostExposure::HostMaterial),
        Lie::Key => answer.key_id = answer.key_id.rsplit_once('/').unwrap().0.to_owned() + "/" + OTHER_KEY,
        Lie::Nothing | Lie::Fingerprint | Lie::Pages => {}
    };
    import_key_material ImportKeyMaterialRequest ImportKeyMaterialResponse |front, answer| if front.lie == Lie::Fingerprint {
        answer.key_material_proof.as_mut().unwrap().fingerprint = "ab".repeat(32);
    };
    delete_imported_key_material DeleteImportedKeyMaterialRequest DeleteImportedKeyMaterialResponse |_, _| {};
} }

through! { OperatorService operator {
    get_server_info GetServerInfoRequest GetServerInfoResponse |_, _| {};
    get_token_profile GetTokenProfileRequest GetTokenProfileResponse |_, _| {};
} }

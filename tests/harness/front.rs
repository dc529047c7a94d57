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
use super::installation::ACCOUNT;

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
    /// Hands out sets that do not say what they expose.
    Unbounded,
    /// Hands out sets for another key.
    Key,
    /// Describes another key than was asked for.
    Described,
    /// Describes the key of that id in another account.
    Account,
    /// Describes keys with another fingerprint than the daemon's.
    Confirmed,
    /// Describes keys as if they had no material.
    Unproved,
    /// Makes keys of another spec than was asked for.
    Spec,
    /// Makes keys for another usage.
    Usage,
    /// Makes keys with material of the token's own.
    Origin,
    /// Has something for terminals in the ARN of a key it made.
    Escape,
    /// Has the first page follow every page.
    Circle,
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
        let Some(list) = question.downcast_mut::<pb::ListKeysRequest>() else { return };
        if matches!(self.lie, Lie::Pages | Lie::Circle) {
            list.limit = Some(1);
        }
        if self.lie == Lie::Circle {
            list.marker = None;
        }
    }

    fn make(&self, key: &mut pb::KeyMetadata) {
        match self.lie {
            Lie::Spec => key.set_key_spec(pb::KeySpec::Hmac256),
            Lie::Usage => key.set_key_usage(pb::KeyUsage::GenerateVerifyMac),
            Lie::Origin => key.set_origin(pb::Origin::AwsKms),
            Lie::Escape => key.arn = format!("\x1b[2J{}", key.arn),
            _ => {}
        }
    }

    fn describe(&self, key: &mut pb::KeyMetadata) {
        match self.lie {
            Lie::Described => {
                key.arn = other(&key.arn);
                key.key_id = OTHER_KEY.to_owned();
            }
            Lie::Account => key.arn = key.arn.replace(ACCOUNT, "999999999999"),
            Lie::Confirmed => key.key_material_proof.iter_mut().for_each(|proof| proof.fingerprint = "cd".repeat(32)),
            Lie::Unproved => key.key_material_proof = None,
            _ => {}
        }
    }
}

/// The ARN of another key.
fn other(arn: &str) -> String {
    format!("{}/{OTHER_KEY}", arn.rsplit_once('/').unwrap().0)
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
    create_key CreateKeyRequest CreateKeyResponse |front, answer| front.make(answer.key_metadata.as_mut().unwrap());
    describe_key DescribeKeyRequest DescribeKeyResponse |front, answer| front.describe(answer.key_metadata.as_mut().unwrap());
    list_keys ListKeysRequest ListKeysResponse |_, _| {};
    get_public_key GetPublicKeyRequest GetPublicKeyResponse |_, _| {};
    enable_key EnableKeyRequest EnableKeyResponse |_, _| {};
    disable_key DisableKeyRequest DisableKeyResponse |_, _| {};
    schedule_key_deletion ScheduleKeyDeletionRequest ScheduleKeyDeletionResponse |_, _| {};
    cancel_key_deletion CancelKeyDeletionRequest CancelKeyDeletionResponse |_, _| {};
    update_key_description UpdateKeyDescriptionRequest UpdateKeyDescriptionResponse |_, _| {};
    tag_resource TagResourceRequest TagResourceResponse |_, _| {};
    untag_resource UntagResourceRequest UntagResourceResponse |_, _| {};
    list_resource_tags ListResourceTagsRequest ListResourceTagsResponse |_, _| {};
    put_key_policy PutKeyPolicyRequest PutKeyPolicyResponse |_, _| {};
    get_key_policy GetKeyPolicyRequest GetKeyPolicyResponse |_, _| {};
    list_key_policies ListKeyPoliciesRequest ListKeyPoliciesResponse |_, _| {};
    replicate_key ReplicateKeyRequest ReplicateKeyResponse |_, _| {};
    update_primary_region UpdatePrimaryRegionRequest UpdatePrimaryRegionResponse |_, _| {};
} }

through! { ImportService imports {
    get_parameters_for_import GetParametersForImportRequest GetParametersForImportResponse |front, answer| match front.lie {
        Lie::Exposure => answer.set_host_exposure(pb::HostExposure::HostMaterial),
        Lie::Unbounded => answer.set_host_exposure(pb::HostExposure::Unspecified),
        Lie::Key => answer.key_id = other(&answer.key_id),
        _ => {}
    };
    import_key_material ImportKeyMaterialRequest ImportKeyMaterialResponse |front, answer| if front.lie == Lie::Fingerprint {
        answer.key_material_proof.as_mut().unwrap().fingerprint = "ab".repeat(32);
    };
    delete_imported_key_material DeleteImportedKeyMaterialRequest DeleteImportedKeyMaterialResponse |_, _| {};
    approve_import ApproveImportRequest ApproveImportResponse |_, _| {};
    reject_import RejectImportRequest RejectImportResponse |_, _| {};
    list_pending_imports ListPendingImportsRequest ListPendingImportsResponse |_, _| {};
} }

through! { OperatorService operator {
    get_server_info GetServerInfoRequest GetServerInfoResponse |_, _| {};
    get_token_profile GetTokenProfileRequest GetTokenProfileResponse |_, _| {};
    advance_clock AdvanceClockRequest AdvanceClockResponse |_, _| {};
} }

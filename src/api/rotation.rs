//! `keyferry.v1.RotationService`.

use tonic::Request;

use super::{Answer, Front};
use crate::model::Action;
use crate::proto;
use crate::proto::rotation_service_server::RotationService;

#[tonic::async_trait]
impl RotationService for Front {
    async fn rotate_key_on_demand(
        &self,
        request: Request<proto::RotateKeyOnDemandRequest>,
    ) -> Answer<proto::RotateKeyOnDemandResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::RotateKeyOnDemandRequest| async move {
            let arn = service.rotate_key_on_demand(&call, request.key_id).await?;
            Ok(proto::RotateKeyOnDemandResponse { key_id: arn.to_string() })
        };
        self.calls.change(Action::RotateKeyOnDemand, request, use_case).await
    }

    async fn list_key_rotations(
        &self,
        request: Request<proto::ListKeyRotationsRequest>,
    ) -> Answer<proto::ListKeyRotationsResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ListKeyRotationsRequest| async move {
            Ok(service.list_key_rotations(&call, request.into()).await?.into())
        };
        self.calls.read(Action::ListKeyRotations, request, use_case).await
    }

    async fn get_key_rotation_status(
        &self,
        request: Request<proto::GetKeyRotationStatusRequest>,
    ) -> Answer<proto::GetKeyRotationStatusResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::GetKeyRotationStatusRequest| async move {
            Ok(service.key_rotation_status(&call, request.key_id).await?.into())
        };
        self.calls.read(Action::GetKeyRotationStatus, request, use_case).await
    }

    async fn enable_key_rotation(
        &self,
        request: Request<proto::EnableKeyRotationRequest>,
    ) -> Answer<proto::EnableKeyRotationResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::EnableKeyRotationRequest| async move {
            service.enable_key_rotation(&call, request.into()).await?;
            Ok(proto::EnableKeyRotationResponse {})
        };
        self.calls.change(Action::EnableKeyRotation, request, use_case).await
    }

    async fn disable_key_rotation(
        &self,
        request: Request<proto::DisableKeyRotationRequest>,
    ) -> Answer<proto::DisableKeyRotationResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::DisableKeyRotationRequest| async move {
            service.disable_key_rotation(&call, request.key_id).await?;
            Ok(proto::DisableKeyRotationResponse {})
        };
        self.calls.change(Action::DisableKeyRotation, request, use_case).await
    }
}

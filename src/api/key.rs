//! `keyferry.v1.KeyService`.

use tonic::Request;

use super::{Answer, Front};
use crate::model::Action;
use crate::proto;
use crate::proto::key_service_server::KeyService;

#[tonic::async_trait]
impl KeyService for Front {
    async fn create_key(&self, request: Request<proto::CreateKeyRequest>) -> Answer<proto::CreateKeyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::CreateKeyRequest| async move {
            let described = service.create_key(&call, request.into()).await?;
            Ok(proto::CreateKeyResponse { key_metadata: Some(described.into()) })
        };
        self.calls.change(Action::CreateKey, request, use_case).await
    }

    async fn describe_key(&self, request: Request<proto::DescribeKeyRequest>) -> Answer<proto::DescribeKeyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::DescribeKeyRequest| async move {
            let described = service.describe_key(&call, request.key_id).await?;
            Ok(proto::DescribeKeyResponse { key_metadata: Some(described.into()) })
        };
        self.calls.read(Action::DescribeKey, request, use_case).await
    }

    async fn list_keys(&self, request: Request<proto::ListKeysRequest>) -> Answer<proto::ListKeysResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ListKeysRequest| async move {
            Ok(service.list_keys(&call, request.into()).await?.into())
        };
        self.calls.read(Action::ListKeys, request, use_case).await
    }

    async fn get_public_key(&self, request: Request<proto::GetPublicKeyRequest>) -> Answer<proto::GetPublicKeyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::GetPublicKeyRequest| async move {
            Ok(service.public_key(&call, request.key_id).await?.into())
        };
        self.calls.read(Action::GetPublicKey, request, use_case).await
    }

    async fn enable_key(&self, request: Request<proto::EnableKeyRequest>) -> Answer<proto::EnableKeyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::EnableKeyRequest| async move {
            service.enable_key(&call, request.key_id).await?;
            Ok(proto::EnableKeyResponse {})
        };
        self.calls.change(Action::EnableKey, request, use_case).await
    }

    async fn disable_key(&self, request: Request<proto::DisableKeyRequest>) -> Answer<proto::DisableKeyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::DisableKeyRequest| async move {
            service.disable_key(&call, request.key_id).await?;
            Ok(proto::DisableKeyResponse {})
        };
        self.calls.change(Action::DisableKey, request, use_case).await
    }

    async fn schedule_key_deletion(
        &self,
        request: Request<proto::ScheduleKeyDeletionRequest>,
    ) -> Answer<proto::ScheduleKeyDeletionResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ScheduleKeyDeletionRequest| async move {
            Ok(service.schedule_key_deletion(&call, request.into()).await?.into())
        };
        self.calls.change(Action::ScheduleKeyDeletion, request, use_case).await
    }

    async fn cancel_key_deletion(
        &self,
        request: Request<proto::CancelKeyDeletionRequest>,
    ) -> Answer<proto::CancelKeyDeletionResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::CancelKeyDeletionRequest| async move {
            let arn = service.cancel_key_deletion(&call, request.key_id).await?;
            Ok(proto::CancelKeyDeletionResponse { key_id: arn.to_string() })
        };
        self.calls.change(Action::CancelKeyDeletion, request, use_case).await
    }

    async fn replicate_key(&self, request: Request<proto::ReplicateKeyRequest>) -> Answer<proto::ReplicateKeyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ReplicateKeyRequest| async move {
            Ok(service.replicate_key(&call, request.into()).await?.into())
        };
        self.calls.change(Action::ReplicateKey, request, use_case).await
    }

    async fn update_primary_region(
        &self,
        request: Request<proto::UpdatePrimaryRegionRequest>,
    ) -> Answer<proto::UpdatePrimaryRegionResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::UpdatePrimaryRegionRequest| async move {
            service.update_primary_region(&call, request.into()).await?;
            Ok(proto::UpdatePrimaryRegionResponse {})
        };
        self.calls.change(Action::UpdatePrimaryRegion, request, use_case).await
    }

    async fn update_key_description(
        &self,
        request: Request<proto::UpdateKeyDescriptionRequest>,
    ) -> Answer<proto::UpdateKeyDescriptionResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::UpdateKeyDescriptionRequest| async move {
            service.update_key_description(&call, request.into()).await?;
            Ok(proto::UpdateKeyDescriptionResponse {})
        };
        self.calls.change(Action::UpdateKeyDescription, request, use_case).await
    }

    async fn tag_resource(&self, request: Request<proto::TagResourceRequest>) -> Answer<proto::TagResourceResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::TagResourceRequest| async move {
            service.tag_resource(&call, request.into()).await?;
            Ok(proto::TagResourceResponse {})
        };
        self.calls.change(Action::TagResource, request, use_case).await
    }

    async fn untag_resource(&self, request: Request<proto::UntagResourceRequest>) -> Answer<proto::UntagResourceResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::UntagResourceRequest| async move {
            service.untag_resource(&call, request.into()).await?;
            Ok(proto::UntagResourceResponse {})
        };
        self.calls.change(Action::UntagResource, request, use_case).await
    }

    async fn list_resource_tags(
        &self,
        request: Request<proto::ListResourceTagsRequest>,
    ) -> Answer<proto::ListResourceTagsResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ListResourceTagsRequest| async move {
            Ok(service.list_resource_tags(&call, request.into()).await?.into())
        };
        self.calls.read(Action::ListResourceTags, request, use_case).await
    }

    async fn put_key_policy(&self, request: Request<proto::PutKeyPolicyRequest>) -> Answer<proto::PutKeyPolicyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::PutKeyPolicyRequest| async move {
            service.put_key_policy(&call, request.into()).await?;
            Ok(proto::PutKeyPolicyResponse {})
        };
        self.calls.change(Action::PutKeyPolicy, request, use_case).await
    }

    async fn get_key_policy(&self, request: Request<proto::GetKeyPolicyRequest>) -> Answer<proto::GetKeyPolicyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::GetKeyPolicyRequest| async move {
            let policy = service.key_policy(&call, request.into()).await?;
            // There is no other.
            Ok(proto::GetKeyPolicyResponse { policy, policy_name: "default".to_owned() })
        };
        self.calls.read(Action::GetKeyPolicy, request, use_case).await
    }

    async fn list_key_policies(
        &self,
        request: Request<proto::ListKeyPoliciesRequest>,
    ) -> Answer<proto::ListKeyPoliciesResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ListKeyPoliciesRequest| async move {
            Ok(service.list_key_policies(&call, request.into()).await?.into())
        };
        self.calls.read(Action::ListKeyPolicies, request, use_case).await
    }
}

//! `keyferry.v1.AliasService`.

use tonic::Request;

use super::{Answer, Front};
use crate::model::Action;
use crate::proto;
use crate::proto::alias_service_server::AliasService;

#[tonic::async_trait]
impl AliasService for Front {
    async fn create_alias(&self, request: Request<proto::CreateAliasRequest>) -> Answer<proto::CreateAliasResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::CreateAliasRequest| async move {
            service.create_alias(&call, request.into()).await?;
            Ok(proto::CreateAliasResponse {})
        };
        self.calls.change(Action::CreateAlias, request, use_case).await
    }

    async fn update_alias(&self, request: Request<proto::UpdateAliasRequest>) -> Answer<proto::UpdateAliasResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::UpdateAliasRequest| async move {
            service.update_alias(&call, request.into()).await?;
            Ok(proto::UpdateAliasResponse {})
        };
        self.calls.change(Action::UpdateAlias, request, use_case).await
    }

    async fn delete_alias(&self, request: Request<proto::DeleteAliasRequest>) -> Answer<proto::DeleteAliasResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::DeleteAliasRequest| async move {
            service.delete_alias(&call, request.alias_name).await?;
            Ok(proto::DeleteAliasResponse {})
        };
        self.calls.change(Action::DeleteAlias, request, use_case).await
    }

    async fn list_aliases(&self, request: Request<proto::ListAliasesRequest>) -> Answer<proto::ListAliasesResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ListAliasesRequest| async move {
            Ok(service.list_aliases(&call, request.into()).await?.into())
        };
        self.calls.read(Action::ListAliases, request, use_case).await
    }
}

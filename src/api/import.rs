//! `keyferry.v1.ImportService`.

use tonic::Request;

use super::{Answer, Front};
use crate::model::Action;
use crate::proto;
use crate::proto::import_service_server::ImportService;
use crate::service::Ruling;

#[tonic::async_trait]
impl ImportService for Front {
    async fn get_parameters_for_import(
        &self,
        request: Request<proto::GetParametersForImportRequest>,
    ) -> Answer<proto::GetParametersForImportResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::GetParametersForImportRequest| async move {
            Ok(service.parameters_for_import(&call, request.into()).await?.into())
        };
        self.calls.change(Action::GetParametersForImport, request, use_case).await
    }

    async fn import_key_material(
        &self,
        request: Request<proto::ImportKeyMaterialRequest>,
    ) -> Answer<proto::ImportKeyMaterialResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ImportKeyMaterialRequest| async move {
            Ok(service.import_key_material(&call, request.try_into()?).await?.into())
        };
        self.calls.change(Action::ImportKeyMaterial, request, use_case).await
    }

    async fn delete_imported_key_material(
        &self,
        request: Request<proto::DeleteImportedKeyMaterialRequest>,
    ) -> Answer<proto::DeleteImportedKeyMaterialResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::DeleteImportedKeyMaterialRequest| async move {
            Ok(service.delete_imported_key_material(&call, request.into()).await?.into())
        };
        self.calls.change(Action::DeleteImportedKeyMaterial, request, use_case).await
    }

    async fn approve_import(&self, request: Request<proto::ApproveImportRequest>) -> Answer<proto::ApproveImportResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ApproveImportRequest| async move {
            let proto::ApproveImportRequest { key_id, request_digest } = request;
            Ok(service.approve_import(&call, Ruling { key_id, request_digest }).await?.into())
        };
        self.calls.change(Action::ApproveImport, request, use_case).await
    }

    async fn reject_import(&self, request: Request<proto::RejectImportRequest>) -> Answer<proto::RejectImportResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::RejectImportRequest| async move {
            let proto::RejectImportRequest { key_id, request_digest } = request;
            let arn = service.reject_import(&call, Ruling { key_id, request_digest }).await?;
            Ok(proto::RejectImportResponse { key_id: arn.to_string() })
        };
        self.calls.change(Action::RejectImport, request, use_case).await
    }

    async fn list_pending_imports(
        &self,
        request: Request<proto::ListPendingImportsRequest>,
    ) -> Answer<proto::ListPendingImportsResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ListPendingImportsRequest| async move {
            Ok(service.list_pending_imports(&call, request.into()).await?.into())
        };
        self.calls.read(Action::ListPendingImports, request, use_case).await
    }
}

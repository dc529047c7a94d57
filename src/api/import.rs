//! `keyferry.v1.ImportService`.

use tonic::Request;

use super::{Answer, Front};
use crate::proto;
use crate::proto::import_service_server::ImportService;

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
        self.calls.change("GetParametersForImport", request, use_case).await
    }

    async fn import_key_material(
        &self,
        request: Request<proto::ImportKeyMaterialRequest>,
    ) -> Answer<proto::ImportKeyMaterialResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ImportKeyMaterialRequest| async move {
            Ok(service.import_key_material(&call, request.try_into()?).await?.into())
        };
        self.calls.change("ImportKeyMaterial", request, use_case).await
    }

    async fn delete_imported_key_material(
        &self,
        request: Request<proto::DeleteImportedKeyMaterialRequest>,
    ) -> Answer<proto::DeleteImportedKeyMaterialResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::DeleteImportedKeyMaterialRequest| async move {
            Ok(service.delete_imported_key_material(&call, request.into()).await?.into())
        };
        self.calls.change("DeleteImportedKeyMaterial", request, use_case).await
    }

    async fn approve_import(&self, _: Request<proto::ApproveImportRequest>) -> Answer<proto::ApproveImportResponse> {
        Err(tonic::Status::unimplemented(""))
    }

    async fn reject_import(&self, _: Request<proto::RejectImportRequest>) -> Answer<proto::RejectImportResponse> {
        Err(tonic::Status::unimplemented(""))
    }

    async fn list_pending_imports(
        &self,
        _: Request<proto::ListPendingImportsRequest>,
    ) -> Answer<proto::ListPendingImportsResponse> {
        Err(tonic::Status::unimplemented(""))
    }
}

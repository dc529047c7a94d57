//! `keyferry.v1.RegionService`.

use tonic::Request;

use super::{Answer, Front};
use crate::model::Action;
use crate::model::key::Telling;
use crate::proto;
use crate::proto::region_service_server::RegionService;

#[tonic::async_trait]
impl RegionService for Front {
    async fn synchronize_multi_region_key(
        &self,
        request: Request<proto::SynchronizeMultiRegionKeyRequest>,
    ) -> Answer<proto::SynchronizeMultiRegionKeyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::SynchronizeMultiRegionKeyRequest| async move {
            let report = service.synchronize_multi_region_key(&call, Telling::try_from(request)?).await?;
            Ok(proto::SynchronizeMultiRegionKeyResponse { report: Some(report.into()) })
        };
        self.calls.change(Action::SynchronizeMultiRegionKey, request, use_case).await
    }
}

//! `keyferry.v1.OperatorService`.

use tonic::Request;

use super::convert::time;
use super::{Answer, Front};
use crate::model::Action;
use crate::proto;
use crate::proto::operator_service_server::OperatorService;

#[tonic::async_trait]
impl OperatorService for Front {
    async fn get_server_info(&self, request: Request<proto::GetServerInfoRequest>) -> Answer<proto::GetServerInfoResponse> {
        let service = self.service.clone();
        let use_case = |call, _| async move { Ok(service.server_info(&call)?.into()) };
        self.calls.read(Action::GetServerInfo, request, use_case).await
    }

    async fn get_token_profile(
        &self,
        request: Request<proto::GetTokenProfileRequest>,
    ) -> Answer<proto::GetTokenProfileResponse> {
        let service = self.service.clone();
        let use_case = |call, _| async move {
            let mut profiles = service.token_profiles(&call)?.into_iter().map(proto::TokenProfile::from);
            Ok(proto::GetTokenProfileResponse { token_profile: profiles.next(), further: profiles.collect() })
        };
        self.calls.read(Action::GetTokenProfile, request, use_case).await
    }

    async fn advance_clock(&self, request: Request<proto::AdvanceClockRequest>) -> Answer<proto::AdvanceClockResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::AdvanceClockRequest| async move {
            let now = service.advance_clock(&call, request.seconds).await?;
            Ok(proto::AdvanceClockResponse { now: Some(time::wire(now)) })
        };
        self.calls.change(Action::AdvanceClock, request, use_case).await
    }
}

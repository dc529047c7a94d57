//! `keyferry.v1.OperatorService`.

use tonic::Request;

use super::{Answer, Front, convert};
use crate::proto;
use crate::proto::operator_service_server::OperatorService;

#[tonic::async_trait]
impl OperatorService for Front {
    async fn get_server_info(&self, request: Request<proto::GetServerInfoRequest>) -> Answer<proto::GetServerInfoResponse> {
        let (service, account) = (self.service.clone(), self.account.clone());
        let use_case = |_, _| async move { Ok(convert::operator::server_info(service.server_info(), &account)) };
        self.calls.read("GetServerInfo", request, use_case).await
    }

    async fn get_token_profile(
        &self,
        request: Request<proto::GetTokenProfileRequest>,
    ) -> Answer<proto::GetTokenProfileResponse> {
        let service = self.service.clone();
        let use_case =
            |_, _| async move { Ok(proto::GetTokenProfileResponse { token_profile: Some(service.token_profile().into()) }) };
        self.calls.read("GetTokenProfile", request, use_case).await
    }
}

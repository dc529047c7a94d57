//! `keyferry.v1.CryptographyService`. Nothing here changes the record, so a call whose caller has left is not gone on with.

use secrecy::ExposeSecret;
use tonic::Request;

use super::{Answer, Front};
use crate::model::Action;
use crate::proto;
use crate::proto::cryptography_service_server::CryptographyService;

#[tonic::async_trait]
impl CryptographyService for Front {
    async fn encrypt(&self, request: Request<proto::EncryptRequest>) -> Answer<proto::EncryptResponse> {
        let service = self.service.clone();
        let use_case =
            |call, request: proto::EncryptRequest| async move { Ok(service.encrypt(&call, request.into()).await?.into()) };
        self.calls.read(Action::Encrypt, request, use_case).await
    }

    async fn decrypt(&self, request: Request<proto::DecryptRequest>) -> Answer<proto::DecryptResponse> {
        let service = self.service.clone();
        let use_case =
            |call, request: proto::DecryptRequest| async move { Ok(service.decrypt(&call, request.into()).await?.into()) };
        self.calls.read(Action::Decrypt, request, use_case).await
    }

    async fn re_encrypt(&self, request: Request<proto::ReEncryptRequest>) -> Answer<proto::ReEncryptResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::ReEncryptRequest| async move {
            Ok(service.re_encrypt(&call, request.into()).await?.into())
        };
        self.calls.read(Action::ReEncryptFrom, request, use_case).await
    }

    async fn generate_data_key(
        &self,
        request: Request<proto::GenerateDataKeyRequest>,
    ) -> Answer<proto::GenerateDataKeyResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::GenerateDataKeyRequest| async move {
            Ok(service.generate_data_key(&call, request.into()).await?.into())
        };
        self.calls.read(Action::GenerateDataKey, request, use_case).await
    }

    async fn generate_data_key_without_plaintext(
        &self,
        request: Request<proto::GenerateDataKeyWithoutPlaintextRequest>,
    ) -> Answer<proto::GenerateDataKeyWithoutPlaintextResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::GenerateDataKeyWithoutPlaintextRequest| async move {
            Ok(service.generate_data_key_without_plaintext(&call, request.into()).await?.into())
        };
        self.calls.read(Action::GenerateDataKeyWithoutPlaintext, request, use_case).await
    }

    async fn generate_mac(&self, request: Request<proto::GenerateMacRequest>) -> Answer<proto::GenerateMacResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::GenerateMacRequest| async move {
            Ok(service.generate_mac(&call, request.into()).await?.into())
        };
        self.calls.read(Action::GenerateMac, request, use_case).await
    }

    async fn verify_mac(&self, request: Request<proto::VerifyMacRequest>) -> Answer<proto::VerifyMacResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::VerifyMacRequest| async move {
            Ok(service.verify_mac(&call, request.into()).await?.into())
        };
        self.calls.read(Action::VerifyMac, request, use_case).await
    }

    async fn sign(&self, request: Request<proto::SignRequest>) -> Answer<proto::SignResponse> {
        let service = self.service.clone();
        let use_case =
            |call, request: proto::SignRequest| async move { Ok(service.sign(&call, request.into()).await?.into()) };
        self.calls.read(Action::Sign, request, use_case).await
    }

    async fn verify(&self, request: Request<proto::VerifyRequest>) -> Answer<proto::VerifyResponse> {
        let service = self.service.clone();
        let use_case =
            |call, request: proto::VerifyRequest| async move { Ok(service.verify(&call, request.into()).await?.into()) };
        self.calls.read(Action::Verify, request, use_case).await
    }

    async fn derive_shared_secret(
        &self,
        request: Request<proto::DeriveSharedSecretRequest>,
    ) -> Answer<proto::DeriveSharedSecretResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::DeriveSharedSecretRequest| async move {
            Ok(service.derive_shared_secret(&call, request.into()).await?.into())
        };
        self.calls.read(Action::DeriveSharedSecret, request, use_case).await
    }

    async fn generate_random(
        &self,
        request: Request<proto::GenerateRandomRequest>,
    ) -> Answer<proto::GenerateRandomResponse> {
        let service = self.service.clone();
        let use_case = |call, request: proto::GenerateRandomRequest| async move {
            let random = service.generate_random(&call, request.into()).await?;
            Ok(proto::GenerateRandomResponse { plaintext: random.expose_secret().to_vec() })
        };
        self.calls.read(Action::GenerateRandom, request, use_case).await
    }
}

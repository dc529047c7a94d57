//! The services over mutual TLS, and the calls that nearly every test makes.

use std::time::Duration;

use keyferry::model::{KeySpec, KeyUsage, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;
use pb::alias_service_client::AliasServiceClient;
use pb::cryptography_service_client::CryptographyServiceClient;
use pb::import_service_client::ImportServiceClient;
use pb::key_service_client::KeyServiceClient;
use pb::operator_service_client::OperatorServiceClient;
use pb::rotation_service_client::RotationServiceClient;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity as TlsIdentity};

use super::Refusal;
use super::certificates::Identity;

/// One connection, all services. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub channel: Channel,
}

/// Calls one RPC: `call!(client.keys(), describe_key, request)` is its answer or a [`Refusal`].
#[macro_export]
macro_rules! call {
    ($service:expr, $rpc:ident, $request:expr) => {
        $service.$rpc($request).await.map(tonic::Response::into_inner).map_err($crate::harness::Refusal::from)
    };
}

impl Client {
    /// Connects, with a certificate or without.
    pub async fn connect(address: &str, ca: &str, identity: Option<&Identity>) -> Result<Self, tonic::transport::Error> {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)).domain_name("localhost");
        if let Some(Identity { certificate, private_key }) = identity {
            tls = tls.identity(TlsIdentity::from_pem(certificate, private_key));
        }
        let endpoint =
            Endpoint::from_shared(format!("https://{address}"))?.tls_config(tls)?.timeout(Duration::from_secs(120));
        Ok(Self { channel: endpoint.connect().await? })
    }

    pub fn imports(&self) -> ImportServiceClient<Channel> {
        ImportServiceClient::new(self.channel.clone())
    }

    pub fn keys(&self) -> KeyServiceClient<Channel> {
        KeyServiceClient::new(self.channel.clone())
    }

    pub fn operator(&self) -> OperatorServiceClient<Channel> {
        OperatorServiceClient::new(self.channel.clone())
    }

    pub fn aliases(&self) -> AliasServiceClient<Channel> {
        AliasServiceClient::new(self.channel.clone())
    }

    pub fn rotations(&self) -> RotationServiceClient<Channel> {
        RotationServiceClient::new(self.channel.clone())
    }

    pub fn cryptography(&self) -> CryptographyServiceClient<Channel> {
        CryptographyServiceClient::new(self.channel.clone())
    }

    /// A key that waits for its material.
    pub async fn create_external(&self, spec: KeySpec, usage: KeyUsage) -> pb::KeyMetadata {
        let request = pb::CreateKeyRequest {
            key_spec: wire_spec(spec).into(),
            key_usage: wire_usage(usage).into(),
            origin: pb::Origin::External.into(),
            ..Default::default()
        };
        call!(self.keys(), create_key, request).unwrap().key_metadata.unwrap()
    }

    /// A symmetric key that waits for its material.
    pub async fn create_symmetric(&self) -> pb::KeyMetadata {
        self.create_external(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await
    }

    /// A key whose material is made in the token.
    pub async fn create_generated(&self, spec: KeySpec, usage: KeyUsage) -> pb::KeyMetadata {
        let request = pb::CreateKeyRequest {
            key_spec: wire_spec(spec).into(),
            key_usage: wire_usage(usage).into(),
            ..Default::default()
        };
        call!(self.keys(), create_key, request).unwrap().key_metadata.unwrap()
    }

    pub async fn describe(&self, key_id: &str) -> pb::KeyMetadata {
        let request = pb::DescribeKeyRequest { key_id: key_id.into() };
        call!(self.keys(), describe_key, request).unwrap().key_metadata.unwrap()
    }

    pub async fn parameters(
        &self,
        key_id: &str,
        algorithm: WrappingAlgorithm,
        wrapping: WrappingKeySpec,
    ) -> Result<pb::GetParametersForImportResponse, Refusal> {
        let request = pb::GetParametersForImportRequest {
            key_id: key_id.into(),
            wrapping_algorithm: wire_algorithm(algorithm).into(),
            wrapping_key_spec: wire_wrapping(wrapping).into(),
        };
        call!(self.imports(), get_parameters_for_import, request)
    }

    /// Parameters for RSAES_OAEP_SHA_256 with RSA_2048: the cheapest set, for tests about something else.
    pub async fn some_parameters(&self, key_id: &str) -> pb::GetParametersForImportResponse {
        self.parameters(key_id, WrappingAlgorithm::RsaesOaepSha256, WrappingKeySpec::Rsa2048).await.unwrap()
    }

    pub async fn import(&self, request: pb::ImportKeyMaterialRequest) -> Result<pb::ImportKeyMaterialResponse, Refusal> {
        call!(self.imports(), import_key_material, request)
    }

    pub async fn delete_material(&self, key_id: &str) -> Result<pb::DeleteImportedKeyMaterialResponse, Refusal> {
        let request = pb::DeleteImportedKeyMaterialRequest { key_id: key_id.into(), key_material_id: None };
        call!(self.imports(), delete_imported_key_material, request)
    }
}

/// An import that does not expire, under this set.
pub fn import_request(set: &pb::GetParametersForImportResponse, ciphertext: Vec<u8>) -> pb::ImportKeyMaterialRequest {
    pb::ImportKeyMaterialRequest {
        key_id: set.key_id.clone(),
        import_token: set.import_token.clone(),
        encrypted_key_material: ciphertext,
        expiration_model: pb::ExpirationModel::KeyMaterialDoesNotExpire.into(),
        ..Default::default()
    }
}

pub fn wire_spec(spec: KeySpec) -> pb::KeySpec {
    pb::KeySpec::from_str_name(&format!("KEY_SPEC_{spec}")).unwrap()
}

pub fn wire_usage(usage: KeyUsage) -> pb::KeyUsage {
    pb::KeyUsage::from_str_name(&format!("KEY_USAGE_{usage}")).unwrap()
}

pub fn wire_algorithm(algorithm: WrappingAlgorithm) -> pb::WrappingAlgorithm {
    pb::WrappingAlgorithm::from_str_name(&format!("WRAPPING_ALGORITHM_{algorithm}")).unwrap()
}

pub fn wire_wrapping(wrapping: WrappingKeySpec) -> pb::WrappingKeySpec {
    pb::WrappingKeySpec::from_str_name(&format!("WRAPPING_KEY_SPEC_{wrapping}")).unwrap()
}

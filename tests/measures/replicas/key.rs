//! A key of the load, its material as its owner has it, and what callers do with it.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use keyferry::model::{KeySpec, KeyUsage, WrappingKeySpec};
use keyferry::proto as pb;
use keyferry::wrap::wrap;
use sha2::Sha256;

use crate::call;
use crate::harness::client::import_request;
use crate::harness::{Client, Refusal, openssl};
use crate::measures::floor::MACED;
use crate::measures::load::ALGORITHM;

pub const WRAPPING: WrappingKeySpec = WrappingKeySpec::Rsa2048;

pub struct Key {
    pub id: String,
    material: Vec<u8>,
    /// What GenerateMac must answer.
    mac: Vec<u8>,
}

/// An import that was answered, and the id of the material in the answer.
pub type Acknowledged = (Arc<Key>, String);

impl Key {
    /// One that waits for its material.
    pub async fn create(client: &Client) -> Self {
        let id = client.create_external(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac).await.key_id;
        let material = openssl::random(32);
        let mac = Hmac::<Sha256>::new_from_slice(&material).unwrap().chain_update(MACED).finalize().into_bytes().to_vec();
        Self { id, material, mac }
    }

    pub async fn describe(&self, client: &Client) -> Result<pb::KeyMetadata, Refusal> {
        let request = pb::DescribeKeyRequest { key_id: self.id.clone() };
        Ok(call!(client.keys(), describe_key, request)?.key_metadata.unwrap())
    }

    /// GenerateMac, whose answer must be right.
    pub async fn mac(&self, client: &Client) -> Result<(), Refusal> {
        let request = pb::GenerateMacRequest {
            message: MACED.to_vec(),
            key_id: self.id.clone(),
            mac_algorithm: pb::MacAlgorithm::HmacSha256.into(),
            ..Default::default()
        };
        let answer = call!(client.cryptography(), generate_mac, request)?;
        assert_eq!(answer.mac, self.mac, "key {} has other material than was imported", self.id);
        Ok(())
    }

    pub async fn parameters(&self, client: &Client) -> Result<pb::GetParametersForImportResponse, Refusal> {
        client.parameters(&self.id, ALGORITHM, WRAPPING).await
    }

    /// Its material under this set.
    pub fn request(&self, set: &pb::GetParametersForImportResponse) -> pb::ImportKeyMaterialRequest {
        import_request(set, wrap(&set.public_key, ALGORITHM, &self.material).unwrap())
    }
}

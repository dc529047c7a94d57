//! What callers ask and what they are answered, before and after any wire format.
//!
//! Requests hold what came over the wire, unchecked but for its types: the rules, and their order, are the service's, so
//! that every front refuses alike. Names of enumeration members come as text for the same reason.

mod cryptography;
mod life;
mod pending;
mod regions;

use std::time::Instant;

use uuid::Uuid;

pub use cryptography::{
    DataKey, Decrypt, Decrypted, DeriveSharedSecret, Encrypt, Encrypted, EncryptionContext, GenerateDataKey, GenerateMac,
    GenerateRandom, Mac, Options, ReEncrypt, ReEncrypted, SharedSecret, Sign, Signed, Verify, VerifyMac,
};
pub use life::{
    AliasPage, AliasShown, AliasTarget, EnableKeyRotation, GetKeyPolicy, ListAliases, ListKeyRotations, ListOfKey,
    PolicyNamePage, PutKeyPolicy, RotationPage, RotationShown, RotationStatus, TagPage, TagResource, UntagResource,
};
pub use pending::{ListPendingImports, PendingPage, Ruling};
pub use regions::{Related, ReplicateKey, Replicated, UpdatePrimaryRegion};

use super::Trail;
use crate::model::key::Deletion;
use crate::model::{
    Account, HostExposure, Key, KeyArn, KeyId, KeyMaterialId, KeySpec, KeyState, KeyUsage, Principal, Realm, Timestamp,
    TlsDetails, WrappingAlgorithm, WrappingKeySpec,
};

/// Who calls, and until when they wait.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who calls.
    pub principal: Principal,
    /// Names this call in the log and in error details.
    pub request_id: Uuid,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// How they are connected; absent without TLS.
    pub tls: Option<TlsDetails>,
    /// Their line in the audit log.
    pub trail: Trail,
}

/// CreateKey.
#[derive(Clone, Debug, Default)]
pub struct CreateKey {
    /// Up to 8192 characters.
    pub description: String,
    /// A name of [`KeyUsage`].
    pub key_usage: Option<String>,
    /// A name of [`KeySpec`].
    pub key_spec: Option<String>,
    /// A name of [`crate::model::Origin`].
    pub origin: Option<String>,
    /// Whether the id begins with `mrk-`.
    pub multi_region: bool,
    /// Up to 50, keys and values.
    pub tags: Vec<(String, String)>,
    /// A policy document to keep with the key.
    pub policy: Option<String>,
    /// Keeps even a document that would lock its owner out, were it what decides.
    pub bypass_policy_lockout_safety_check: bool,
}

/// A key as it is shown.
#[derive(Clone, Debug)]
pub struct Described {
    /// The record.
    pub key: Key,
    /// What can be done with it.
    pub state: KeyState,
    /// Its ARN.
    pub arn: KeyArn,
    /// The partition and region it is in.
    pub realm: Realm,
    /// The moment that its state is shown of.
    pub now: Timestamp,
}

/// ListKeys.
#[derive(Clone, Debug, Default)]
pub struct ListKeys {
    /// 1 to 1000; 100 where absent.
    pub limit: Option<i32>,
    /// The marker of the page before.
    pub marker: Option<String>,
}

/// One page of keys.
#[derive(Clone, Debug)]
pub struct Page {
    /// In the order of their ids.
    pub keys: Vec<(KeyId, KeyArn)>,
    /// Present where more follow.
    pub next_marker: Option<String>,
}

/// GetPublicKey's answer.
#[derive(Clone, Debug)]
pub struct PublicKey {
    /// The key's ARN.
    pub arn: KeyArn,
    /// DER SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// The key's kind.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
}

/// ScheduleKeyDeletion.
#[derive(Clone, Debug)]
pub struct ScheduleKeyDeletion {
    /// A key id or key ARN.
    pub key_id: String,
    /// 7 to 30; 30 where absent.
    pub pending_window_in_days: Option<i32>,
}

/// ScheduleKeyDeletion's answer.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// The key's ARN.
    pub arn: KeyArn,
    /// When and after how many days.
    pub deletion: Deletion,
}

/// UpdateKeyDescription.
#[derive(Clone, Debug)]
pub struct UpdateKeyDescription {
    /// A key id or key ARN.
    pub key_id: String,
    /// Required; up to 8192 characters.
    pub description: Option<String>,
}

/// GetParametersForImport.
#[derive(Clone, Debug)]
pub struct GetParametersForImport {
    /// A key id or key ARN.
    pub key_id: String,
    /// A name of [`WrappingAlgorithm`]. Required.
    pub wrapping_algorithm: Option<String>,
    /// A name of [`WrappingKeySpec`]. Required.
    pub wrapping_key_spec: Option<String>,
}

/// GetParametersForImport's answer.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// The key's ARN.
    pub arn: KeyArn,
    /// A COSE_Mac0; opaque to callers.
    pub import_token: Vec<u8>,
    /// DER SubjectPublicKeyInfo of the wrapping key.
    pub spki: Vec<u8>,
    /// When token and wrapping key end.
    pub valid_to: Timestamp,
    /// As requested.
    pub algorithm: WrappingAlgorithm,
    /// As requested.
    pub wrapping_key_spec: WrappingKeySpec,
    /// The key's kind.
    pub key_spec: KeySpec,
    /// What an import under this set will expose to the host.
    pub exposure: HostExposure,
    /// A [`crate::statement::WrappingKeyStatement`], signed.
    pub attestation: Vec<u8>,
    /// What the token's vendor attests; empty where there is nothing.
    pub vendor_attestation: Vec<u8>,
}

/// ImportKeyMaterial.
#[derive(Clone, Debug)]
pub struct ImportKeyMaterial {
    /// A key id or key ARN.
    pub key_id: String,
    /// 1 to 6144 bytes.
    pub import_token: Vec<u8>,
    /// 1 to 6144 bytes.
    pub encrypted_key_material: Vec<u8>,
    /// When the material is to end.
    pub valid_to: Option<Timestamp>,
    /// KEY_MATERIAL_EXPIRES (the default) or KEY_MATERIAL_DOES_NOT_EXPIRE.
    pub expiration_model: Option<String>,
    /// A name of [`crate::model::ImportType`].
    pub import_type: Option<String>,
    /// Up to 256 characters.
    pub key_material_description: Option<String>,
    /// 64 lower-case hex digits.
    pub key_material_id: Option<String>,
}

/// What shows that the material in the token is the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key material id, shown for every spec as the fingerprint.
    pub fingerprint: KeyMaterialId,
    /// The key check value of an AES key.
    pub kcv: Option<[u8; 3]>,
    /// The public half of a private key, DER SubjectPublicKeyInfo.
    pub spki: Option<Vec<u8>>,
    /// What crossed the host.
    pub exposure: HostExposure,
}

/// ImportKeyMaterial's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The key's ARN.
    pub arn: KeyArn,
    /// The key's kind: callers see a KeyMaterialId for symmetric encryption keys only.
    pub spec: KeySpec,
    /// Of the material.
    pub proof: Proof,
    /// A [`crate::statement::Receipt`], signed; empty where the import is older than receipts.
    pub receipt: Vec<u8>,
}

/// DeleteImportedKeyMaterial.
#[derive(Clone, Debug)]
pub struct DeleteImportedKeyMaterial {
    /// A key id or key ARN.
    pub key_id: String,
    /// 64 lower-case hex digits.
    pub key_material_id: Option<String>,
}

/// DeleteImportedKeyMaterial's answer.
#[derive(Clone, Debug)]
pub struct MaterialDeleted {
    /// The key's ARN.
    pub arn: KeyArn,
    /// Symmetric encryption keys only.
    pub material: Option<KeyMaterialId>,
}

/// GetServerInfo's answer.
#[derive(Clone, Debug)]
pub struct ServerInfo {
    /// Shared by database and token.
    pub installation: crate::model::InstallationId,
    /// Partition and region.
    pub realm: Realm,
    /// The caller's.
    pub account: Account,
    /// When the service started.
    pub started_at: Timestamp,
    /// `sqlite` or `postgresql`.
    pub store: &'static str,
    /// What the service signs with.
    pub public_keys: super::PublicKeys,
    /// How everything is that it needs.
    pub health: super::Health,
}

impl ImportKeyMaterial {
    /// What of it the audit log may show.
    pub(super) fn shown(&self) -> serde_json::Value {
        serde_json::json!({
            "keyId": self.key_id,
            "validTo": self.valid_to.and_then(Timestamp::rfc3339),
            "expirationModel": self.expiration_model,
            "importType": self.import_type,
            "keyMaterialDescription": self.key_material_description,
            "keyMaterialId": self.key_material_id,
        })
    }
}

impl Imported {
    /// What the audit log says of it.
    pub(super) fn leaves_on(&self, trail: &Trail) {
        let shown = self.spec.is_symmetric_encryption().then(|| self.proof.fingerprint.to_string());
        trail.answers(serde_json::json!({ "keyId": self.arn.as_str(), "keyMaterialId": shown }));
        trail.adds("fingerprint", self.proof.fingerprint.to_string());
        trail.adds("hostExposure", self.proof.exposure.as_str());
    }
}

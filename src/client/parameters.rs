//! One set of parameters for import: fetched, or read back from where an answer was saved, and enough to wrap with.

mod json;

use super::error::{Error, Local, Unusable};
use super::imports::Imported;
use super::wire::{Wire, arn, moment, present, required};
use crate::model::{HostExposure, KeyId, KeyMaterialId, KeySpec, Timestamp, WrappingAlgorithm, WrappingKeySpec};
use crate::proto;
use crate::wrap::{self, Material, spki};

/// What GetParametersForImport answers.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The key's ARN.
    pub key_id: String,
    /// Opaque, to be sent back unaltered.
    pub import_token: Vec<u8>,
    /// The wrapping key, DER SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// When import token and wrapping key end.
    pub parameters_valid_to: Timestamp,
    /// How the material is to be wrapped.
    pub wrapping_algorithm: WrappingAlgorithm,
    /// The kind of the wrapping key.
    pub wrapping_key_spec: WrappingKeySpec,
    /// The spec of the key that the material is for.
    pub key_spec: KeySpec,
    /// What an import under this set will expose to the host; `None` where a saved answer does not say.
    pub host_exposure: Option<HostExposure>,
    /// The signed statement of the wrapping key: for [`Parameters::verify`].
    pub attestation: Option<Vec<u8>>,
    /// What the token's vendor attests, in the vendor's form.
    pub vendor_attestation: Option<Vec<u8>>,
}

/// Wrapped key material, and what shows later that it is what came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// What goes to the service as EncryptedKeyMaterial.
    pub blob: Vec<u8>,
    /// The id that the service must show of the material.
    pub key_material_id: KeyMaterialId,
    /// The key check value of an AES key.
    pub kcv: Option<[u8; 3]>,
}

impl Parameters {
    /// Reads a saved answer: the reference CLI's JSON, blobs in base64, with the members that keyferry adds to it.
    /// ParametersValidTo is RFC 3339, or a number of seconds since the epoch.
    ///
    /// # Errors
    /// Names the member that is missing or wrong.
    pub fn from_json(text: &[u8]) -> Result<Self, Unusable> {
        json::read(text)
    }

    /// The id of the key that the material is for.
    ///
    /// # Errors
    /// Where [`Parameters::key_id`] is neither a key id nor a key ARN.
    pub fn key(&self) -> Result<KeyId, Unusable> {
        let id = self.key_id.rsplit_once(":key/").map_or(self.key_id.as_str(), |(_, id)| id);
        KeyId::parse(id).ok_or_else(|| Unusable::Key(self.key_id.clone()))
    }

    /// The spec of the key, whose material can be wrapped with this set at `now`.
    ///
    /// # Errors
    /// Where the set is expired or contradicts itself; a wrapping that does not go with the key is refused with those that do.
    pub fn check(&self, now: Timestamp) -> Result<KeySpec, Error> {
        if now >= self.parameters_valid_to {
            return Err(Unusable::Expired(self.parameters_valid_to).into());
        }
        wrap::permit(self.wrapping_algorithm, self.wrapping_key_spec, self.key_spec).map_err(Local::from)?;
        self.key()?;
        if spki::wrapping_key_spec(&self.public_key).map_err(Local::from)? != Some(self.wrapping_key_spec) {
            return Err(Unusable::PublicKey(self.wrapping_key_spec).into());
        }
        Ok(self.key_spec)
    }

    /// Wraps material as the set says, for an import before the set ends.
    ///
    /// # Errors
    /// As [`Parameters::check`], and where the material is not what the key spec wants.
    pub fn wrap(&self, material: &Material, now: Timestamp) -> Result<Wrapped, Error> {
        let spec = self.check(now)?;
        let key = self.key()?;
        let material = as_of(spec, material)?;
        let blob = wrap::wrap(&self.public_key, self.wrapping_algorithm, material.bytes()).map_err(Local::from)?;
        Ok(Wrapped { blob, key_material_id: material.evidence().material_id(&key), kcv: material.kcv() })
    }
}

/// Material looked at as a key's of this spec: 32 bytes may have been taken for another kind of key, which would prove them
/// otherwise. Kept in locked pages.
pub(super) fn as_of(spec: KeySpec, material: &Material) -> Result<Material, Error> {
    let kind = spec.material().ok_or(Unusable::KeySpec(spec))?;
    Ok(wrap::locked_material(kind, material.bytes()).map_err(Local::from)?)
}

impl Wrapped {
    /// Checks that what the service imported is what was wrapped.
    ///
    /// # Errors
    /// [`Local::Mismatch`]: the token holds other material than its owner meant to give it.
    pub fn confirm(&self, imported: &Imported) -> Result<(), Error> {
        if imported.proof.fingerprint == self.key_material_id {
            return Ok(());
        }
        Err(Local::Mismatch {
            arn: imported.arn.clone(),
            wrapped: self.key_material_id,
            imported: imported.proof.fingerprint,
        }
        .into())
    }
}

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parameters")
            .field("key_id", &self.key_id)
            .field("parameters_valid_to", &self.parameters_valid_to)
            .field("wrapping_algorithm", &self.wrapping_algorithm)
            .field("wrapping_key_spec", &self.wrapping_key_spec)
            .field("key_spec", &self.key_spec)
            .field("host_exposure", &self.host_exposure)
            .finish_non_exhaustive()
    }
}

impl TryFrom<proto::GetParametersForImportResponse> for Parameters {
    type Error = Local;

    fn try_from(answer: proto::GetParametersForImportResponse) -> Result<Self, Local> {
        Ok(Self {
            key_id: arn("KeyId", answer.key_id)?,
            import_token: answer.import_token,
            public_key: answer.public_key,
            parameters_valid_to: present("ParametersValidTo", answer.parameters_valid_to.and_then(moment))?,
            wrapping_algorithm: required("WrappingAlgorithm", answer.wrapping_algorithm)?,
            wrapping_key_spec: required("WrappingKeySpec", answer.wrapping_key_spec)?,
            key_spec: required("KeySpec", answer.key_spec)?,
            host_exposure: HostExposure::of(answer.host_exposure),
            attestation: Some(answer.attestation).filter(|attestation| !attestation.is_empty()),
            vendor_attestation: Some(answer.vendor_attestation).filter(|attestation| !attestation.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests;

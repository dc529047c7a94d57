//! A key as the service shows it, in the model's types.

use super::error::Local;
use super::wire::{self, Wire, moment, present, required};
use crate::model::key::Family;
use crate::model::{
    Expiration, ExpirationModel, HostExposure, KeyId, KeyMaterialId, KeySpec, KeyState, KeyUsage, Origin, Realm, Timestamp,
};
use crate::proto;

/// A key: the reference's KeyMetadata, as far as keyferry's keys differ in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// Its ARN.
    pub arn: String,
    /// What can be done with it just now.
    pub state: KeyState,
    /// What kind of key it is.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// Its owner's words for it.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is destroyed; present while it is pending deletion.
    pub deletion_at: Option<Timestamp>,
    /// When its material ends; present while imported material is there.
    pub expiration: Option<Expiration>,
    /// Whether it is a multi-Region key.
    pub multi_region: bool,
    /// A multi-Region key's place among those it is related to.
    pub family: Option<Family>,
    /// The names of the algorithms that it can be used with.
    pub algorithms: Vec<String>,
    /// Symmetric encryption keys that have or had material: which it is.
    pub material_id: Option<KeyMaterialId>,
    /// What shows which material is there; present while it is.
    pub proof: Option<Proof>,
}

/// What shows that the material in the token is the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The same for the same material in the same key; the owner of the material can compute it.
    pub fingerprint: KeyMaterialId,
    /// The key check value of an AES key.
    pub kcv: Option<[u8; 3]>,
    /// The public half of a private key, DER SubjectPublicKeyInfo.
    pub public_key: Option<Vec<u8>>,
    /// What of it was plain in the service's memory while it was unwrapped.
    pub host_exposure: HostExposure,
}

impl TryFrom<proto::KeyMetadata> for Key {
    type Error = Local;

    fn try_from(key: proto::KeyMetadata) -> Result<Self, Local> {
        let valid_to = key.valid_to.map(|end| present("ValidTo", moment(end))).transpose()?;
        let lists = [key.encryption_algorithms, key.signing_algorithms, key.key_agreement_algorithms, key.mac_algorithms];
        let id = present("KeyId", KeyId::parse(&key.key_id))?;
        let arn = wire::arn("Arn", key.arn)?;
        if arn.rsplit_once(":key/").is_none_or(|(_, named)| named != id.as_str()) {
            return Err(Local::Answer(format!("the key {id} with the ARN {arn}")));
        }
        Ok(Self {
            id,
            arn,
            state: required("KeyState", key.key_state)?,
            spec: required("KeySpec", key.key_spec)?,
            usage: required("KeyUsage", key.key_usage)?,
            origin: required("Origin", key.origin)?,
            description: key.description,
            created_at: present("CreationDate", key.creation_date.and_then(moment))?,
            deletion_at: key.deletion_date.map(|at| present("DeletionDate", moment(at))).transpose()?,
            expiration: match ExpirationModel::of(key.expiration_model) {
                Some(ExpirationModel::Expires) => Some(Expiration::At(present("ValidTo", valid_to)?)),
                Some(ExpirationModel::DoesNotExpire) => Some(Expiration::Never),
                None => None,
            },
            multi_region: key.multi_region,
            family: key.multi_region_configuration.map(family).transpose()?,
            algorithms: lists.concat(),
            material_id: material_id("CurrentKeyMaterialId", &key.current_key_material_id)?,
            proof: key.key_material_proof.map(Proof::try_from).transpose()?,
        })
    }
}

fn family(related: proto::MultiRegionConfiguration) -> Result<Family, Local> {
    let region = |key: proto::MultiRegionKey| present("Region", Some(key.region).filter(|region| Realm::is_region(region)));
    let primary = present("PrimaryKey", related.primary_key)?;
    Ok(Family {
        is_primary: related.multi_region_key_type == i32::from(proto::MultiRegionKeyType::Primary),
        primary: region(primary)?,
        replicas: related.replica_keys.into_iter().map(region).collect::<Result<_, _>>()?,
    })
}

impl TryFrom<proto::KeyMaterialProof> for Proof {
    type Error = Local;

    fn try_from(proof: proto::KeyMaterialProof) -> Result<Self, Local> {
        Ok(Self {
            fingerprint: present("Fingerprint", KeyMaterialId::parse(&proof.fingerprint))?,
            kcv: match proof.key_check_value.as_str() {
                "" => None,
                hex => Some(present("KeyCheckValue", kcv(hex))?),
            },
            public_key: Some(proof.public_key).filter(|spki| !spki.is_empty()),
            host_exposure: required("HostExposure", proof.host_exposure)?,
        })
    }
}

/// A key material id; `None` where the text is empty.
pub(super) fn material_id(member: &str, text: &str) -> Result<Option<KeyMaterialId>, Local> {
    if text.is_empty() {
        return Ok(None);
    }
    present(member, KeyMaterialId::parse(text)).map(Some)
}

fn kcv(hex: &str) -> Option<[u8; 3]> {
    let mut bytes = [0; 3];
    (base16ct::lower::decode(hex, &mut bytes).ok()?.len() == bytes.len()).then_some(bytes)
}

//! The domain's nouns and their rules, as the reference (the KMS API) gives them. Names nobody; does nothing.

pub mod access_key;
pub mod action;
pub mod algorithms;
pub mod alias;
pub mod arn;
pub mod connection;
pub mod fingerprint;
pub mod invalid;
pub mod key;
pub mod key_policy;
pub mod key_spec;
pub mod material;
pub mod names;
pub mod object;
pub mod pending;
pub mod principal;
pub mod skew;
pub mod timestamp;
pub mod token;
pub mod unwrap;
pub mod wrapping;
pub mod wrapping_key;

pub use access_key::{AccessKey, AccessKeyId};
pub use action::Action;
pub use algorithms::{
    DataKeySpec, EncryptionAlgorithm, KeyAgreementAlgorithm, MessageType, SignatureHash, SignatureScheme, SigningAlgorithm,
};
pub use alias::{Alias, AliasName};
pub use arn::{Account, KeyArn, KeyId, KeyRef, Named, Realm, Unresolved};
pub use connection::TlsDetails;
pub use fingerprint::{Evidence, KeyMaterialId};
pub use invalid::Invalid;
pub use key::{Key, KeyState, Origin, Refused};
pub use key_spec::{KeySpec, KeyUsage, MaterialKind};
pub use material::{Expiration, ExpirationModel, ImportType, IncludeKeyMaterial, Material, MaterialPresence, Rotation};
pub use object::{InstallationId, ObjectId, ObjectKind};
pub use pending::PendingImport;
pub use principal::{Principal, Tags};
pub use skew::Skew;
pub use timestamp::Timestamp;
pub use token::{KeyAttribute, KeyAttributes, TokenIdentity};
pub use unwrap::{HostAssisted, HostExposure, UnwrapPath};
pub use wrapping::{OaepHash, WrappingAlgorithm, WrappingKeySpec};
pub use wrapping_key::{
    Answer, Claim, Issue, PairKind, PairUse, RequestDigest, SetCaps, SetHolder, WrappingKey, WrappingKeyId, WrappingKeyState,
};

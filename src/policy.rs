//! Who may do what: the operator's policies, in Cedar, and the principals that they speak of.
//!
//! A folder holds both: `principals.toml` says who a certificate's name stands for, every `*.cedar` file what they may do.
//! All of it is checked against the schema when it is loaded, and what does not hold up is not used at all. What no policy
//! permits is denied.

mod context;
mod decide;
mod entities;
mod error;
mod files;
mod loaded;
mod principals;
mod validation;
mod vocabulary;

pub use error::{Error, Faults, Place};
pub use loaded::Policies;
pub use vocabulary::SCHEMA;

use crate::model::{
    Account, Action, ExpirationModel, HostExposure, Key, KeyArn, KeySpec, KeyUsage, Origin, Principal, Tags, Timestamp,
    TlsDetails, UnwrapPath, WrappingAlgorithm, WrappingKeySpec,
};

/// May this principal do this to that, under these circumstances?
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// What for.
    pub action: Action,
    /// On what.
    pub resource: Resource<'a>,
    /// What else is known of the request.
    pub circumstances: &'a Circumstances,
}

/// What an action is on.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// The principal's account: where there is no key yet, or many, or none is meant.
    Account(&'a Account),
    /// A key.
    Key {
        /// Its name.
        arn: &'a KeyArn,
        /// Its record.
        key: &'a Key,
    },
}

impl Resource<'_> {
    /// Whose it is.
    pub fn account(&self) -> &Account {
        match self {
            Self::Account(account) => account,
            Self::Key { key, .. } => &key.account,
        }
    }
}

/// What is known of a request besides its principal, action and resource. Defaults are filled in, as the reference's conditions
/// see them (KMS Developer Guide, "Condition keys"): an omitted ExpirationModel is KEY_MATERIAL_EXPIRES.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// GetParametersForImport: `kms:WrappingAlgorithm`.
    pub wrapping_algorithm: Option<WrappingAlgorithm>,
    /// GetParametersForImport: `kms:WrappingKeySpec`.
    pub wrapping_key_spec: Option<WrappingKeySpec>,
    /// ImportKeyMaterial: `kms:ExpirationModel`.
    pub expiration_model: Option<ExpirationModel>,
    /// ImportKeyMaterial: `kms:ValidTo`.
    pub valid_to: Option<Timestamp>,
    /// CreateKey: `kms:KeySpec`.
    pub key_spec: Option<KeySpec>,
    /// CreateKey: `kms:KeyUsage`.
    pub key_usage: Option<KeyUsage>,
    /// CreateKey: `kms:KeyOrigin`.
    pub key_origin: Option<Origin>,
    /// CreateKey: `kms:MultiRegion`.
    pub multi_region: Option<bool>,
    /// CreateKey, ReplicateKey, TagResource: `aws:RequestTag/…`. UntagResource: `aws:TagKeys`, with values that say nothing.
    pub request_tags: Option<Tags>,
    /// ScheduleKeyDeletion: `kms:ScheduleKeyDeletionPendingWindowInDays`.
    pub pending_window_in_days: Option<u32>,
    /// ReplicateKey: `kms:ReplicaRegion`.
    pub replica_region: Option<String>,
    /// UpdatePrimaryRegion: `kms:PrimaryRegion`.
    pub primary_region: Option<String>,
    /// GetParametersForImport, ImportKeyMaterial, ApproveImport: how the material comes in, or would.
    pub unwrap_path: Option<UnwrapPath>,
    /// The same: what of it the host sees.
    pub host_exposure: Option<HostExposure>,
    /// ImportKeyMaterial: whether a second principal has approved this request.
    pub approved: bool,
    /// ApproveImport, RejectImport: who asked for the import.
    pub requester: Option<String>,
    /// How the caller is connected; absent without TLS.
    pub tls: Option<TlsDetails>,
}

/// What the policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be.
    pub allowed: bool,
    /// The ids of the policies that decided, in order: those that permit, those that forbid, or those that could not be
    /// evaluated, for what they would have said is not known. None where nothing permits, and where the resource is another
    /// account's.
    pub policies: Vec<String>,
}

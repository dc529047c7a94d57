//! What the operations on keys answer, where it is not a [`super::Key`].

use crate::client::error::Local;
use crate::client::wire::{arn, moment, present, required};
use crate::model::{KeyId, KeySpec, KeyUsage, Timestamp};
use crate::proto;

/// One page of keys, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The keys.
    pub keys: Vec<Listed>,
    /// Present where more follow.
    pub next_marker: Option<String>,
}

/// A key in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: KeyId,
    /// Its ARN.
    pub arn: String,
}

impl TryFrom<proto::ListKeysResponse> for Page {
    type Error = Local;

    fn try_from(page: proto::ListKeysResponse) -> Result<Self, Local> {
        let listed = |key: proto::KeyListEntry| {
            Ok(Listed { id: present("KeyId", KeyId::parse(&key.key_id))?, arn: arn("KeyArn", key.key_arn)? })
        };
        let keys = page.keys.into_iter().map(listed).collect::<Result<_, Local>>()?;
        Ok(Self { keys, next_marker: page.truncated.then_some(page.next_marker) })
    }
}

/// The public half of a private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The key's ARN.
    pub arn: String,
    /// DER SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// What kind of key it is.
    pub spec: KeySpec,
    /// What the key is for.
    pub usage: KeyUsage,
    /// The names of the algorithms that it can be used with.
    pub algorithms: Vec<String>,
}

impl TryFrom<proto::GetPublicKeyResponse> for PublicKey {
    type Error = Local;

    fn try_from(key: proto::GetPublicKeyResponse) -> Result<Self, Local> {
        let lists = [key.encryption_algorithms, key.signing_algorithms, key.key_agreement_algorithms];
        Ok(Self {
            arn: arn("KeyId", key.key_id)?,
            public_key: key.public_key,
            spec: required("KeySpec", key.key_spec)?,
            usage: required("KeyUsage", key.key_usage)?,
            algorithms: lists.concat(),
        })
    }
}

/// A scheduled deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The key's ARN.
    pub arn: String,
    /// When the key and its material are destroyed; of a primary key with replicas not known before these are gone.
    pub at: Option<Timestamp>,
    /// The waiting period, in days.
    pub window_in_days: i32,
}

impl TryFrom<proto::ScheduleKeyDeletionResponse> for Deletion {
    type Error = Local;

    fn try_from(scheduled: proto::ScheduleKeyDeletionResponse) -> Result<Self, Local> {
        Ok(Self {
            arn: arn("KeyId", scheduled.key_id)?,
            at: scheduled.deletion_date.map(|at| present("DeletionDate", moment(at))).transpose()?,
            window_in_days: scheduled.pending_window_in_days,
        })
    }
}

//! The operations on keys, one method each, under the reference's names.

mod answers;
mod made;
mod replica;

pub use answers::{Deletion, Listed, Page, PublicKey};
pub use replica::Replica;

use prost::Message;

use super::connection::Client;
use super::error::Error;
use super::key::Key;
use super::pages::Markers;
use super::tags;
use super::wire::{Wire, arn, present};
use crate::model::{KeySpec, KeyUsage, Origin, Tags};
use crate::proto;

/// A key that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    pub(super) spec: KeySpec,
    pub(super) usage: Option<KeyUsage>,
    origin: Origin,
    description: String,
    multi_region: bool,
    tags: Tags,
    policy: Option<String>,
}

impl NewKey {
    /// One that waits for its material.
    pub fn external(spec: KeySpec) -> Self {
        Self {
            spec,
            usage: None,
            origin: Origin::External,
            description: String::new(),
            multi_region: false,
            tags: Tags::new(),
            policy: None,
        }
    }

    /// One whose material is made in the token.
    pub fn generated(spec: KeySpec) -> Self {
        Self { origin: Origin::AwsKms, ..Self::external(spec) }
    }

    /// What it is for. The service wants it said of every spec but SYMMETRIC_DEFAULT.
    #[must_use]
    pub fn usage(self, usage: KeyUsage) -> Self {
        Self { usage: Some(usage), ..self }
    }

    /// Its owner's words for it, up to 8192 characters.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// Gives it an id that begins with `mrk-`.
    #[must_use]
    pub fn multi_region(self) -> Self {
        Self { multi_region: true, ..self }
    }

    /// Gives it a tag, in the place of one under the same key.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// A JSON document of up to 32768 bytes that is kept with it and decides nothing.
    #[must_use]
    pub fn policy(self, document: impl Into<String>) -> Self {
        Self { policy: Some(document.into()), ..self }
    }

    pub(super) fn external_origin(self) -> Self {
        Self { origin: Origin::External, ..self }
    }
}

/// Each takes a key id or a key ARN where it takes a key, and fails as [`Client::call`] does, or with [`Error::Local`] where it
/// does not understand the answer.
impl Client {
    /// CreateKey. To repeat it makes another key: after [`Error::Lost`], look before you do.
    pub async fn create_key(&self, key: &NewKey) -> Result<Key, Error> {
        let NewKey { spec, usage, origin, description, multi_region, tags, policy } = key;
        let question = proto::CreateKeyRequest {
            description: description.clone(),
            key_usage: usage.map_or(0, |usage| usage.number()),
            key_spec: spec.number(),
            origin: origin.number(),
            multi_region: *multi_region,
            tags: tags::of(tags),
            policy: policy.clone(),
            bypass_policy_lockout_safety_check: false,
        };
        let answer = self.call("/keyferry.v1.KeyService/CreateKey", question.encode_to_vec()).await?;
        Ok(made::key(*spec, &answer)?)
    }

    /// DescribeKey.
    pub async fn describe_key(&self, key_id: &str) -> Result<Key, Error> {
        let question = proto::DescribeKeyRequest { key_id: key_id.to_owned() };
        let shown: proto::DescribeKeyResponse = self.ask("/keyferry.v1.KeyService/DescribeKey", &question).await?;
        Ok(present("KeyMetadata", shown.key_metadata)?.try_into()?)
    }

    /// ListKeys: one page of at most `limit` keys (1 to 1000; 100 where absent), after the page whose marker is given.
    pub async fn list_keys(&self, limit: Option<i32>, marker: Option<&str>) -> Result<Page, Error> {
        let question = proto::ListKeysRequest { limit, marker: marker.map(str::to_owned) };
        let page: proto::ListKeysResponse = self.ask("/keyferry.v1.KeyService/ListKeys", &question).await?;
        Ok(page.try_into()?)
    }

    /// ListKeys, page after page to the last. A service that leads back to a page that was there before is not followed.
    pub async fn list_all_keys(&self) -> Result<Vec<Listed>, Error> {
        let (mut all, mut marker, mut markers) = (Vec::new(), None, Markers::default());
        loop {
            let page = self.list_keys(Some(1000), marker.as_deref()).await?;
            all.extend(page.keys);
            marker = markers.follow(page.next_marker.is_some(), page.next_marker.unwrap_or_default())?;
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// GetPublicKey.
    pub async fn get_public_key(&self, key_id: &str) -> Result<PublicKey, Error> {
        let question = proto::GetPublicKeyRequest { key_id: key_id.to_owned() };
        let public: proto::GetPublicKeyResponse = self.ask("/keyferry.v1.KeyService/GetPublicKey", &question).await?;
        Ok(public.try_into()?)
    }

    /// EnableKey.
    pub async fn enable_key(&self, key_id: &str) -> Result<(), Error> {
        let question = proto::EnableKeyRequest { key_id: key_id.to_owned() };
        let _: proto::EnableKeyResponse = self.ask("/keyferry.v1.KeyService/EnableKey", &question).await?;
        Ok(())
    }

    /// DisableKey.
    pub async fn disable_key(&self, key_id: &str) -> Result<(), Error> {
        let question = proto::DisableKeyRequest { key_id: key_id.to_owned() };
        let _: proto::DisableKeyResponse = self.ask("/keyferry.v1.KeyService/DisableKey", &question).await?;
        Ok(())
    }

    /// ScheduleKeyDeletion, in 7 to 30 days; in 30 where none are given.
    pub async fn schedule_key_deletion(&self, key_id: &str, days: Option<i32>) -> Result<Deletion, Error> {
        let question = proto::ScheduleKeyDeletionRequest { key_id: key_id.to_owned(), pending_window_in_days: days };
        let scheduled: proto::ScheduleKeyDeletionResponse =
            self.ask("/keyferry.v1.KeyService/ScheduleKeyDeletion", &question).await?;
        Ok(scheduled.try_into()?)
    }

    /// CancelKeyDeletion; answers the key's ARN. The key is disabled afterwards, or pending import.
    pub async fn cancel_key_deletion(&self, key_id: &str) -> Result<String, Error> {
        let question = proto::CancelKeyDeletionRequest { key_id: key_id.to_owned() };
        let kept: proto::CancelKeyDeletionResponse =
            self.ask("/keyferry.v1.KeyService/CancelKeyDeletion", &question).await?;
        Ok(arn("KeyId", kept.key_id)?)
    }

    /// UpdateKeyDescription, up to 8192 characters.
    pub async fn update_key_description(&self, key_id: &str, description: &str) -> Result<(), Error> {
        let (key_id, description) = (key_id.to_owned(), Some(description.to_owned()));
        let question = proto::UpdateKeyDescriptionRequest { key_id, description };
        let _: proto::UpdateKeyDescriptionResponse =
            self.ask("/keyferry.v1.KeyService/UpdateKeyDescription", &question).await?;
        Ok(())
    }
}

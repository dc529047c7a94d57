//! The tags of keys, and the policy documents that are kept with them.

use super::connection::Client;
use super::error::Error;
use super::pages::Markers;
use crate::model::Tags;
use crate::proto;

/// Each takes a key id or a key ARN, and fails as [`Client::call`] does, or with [`Error::Local`] where it does not understand the
/// answer.
impl Client {
    /// TagResource: a tag that the key has gets the new value.
    pub async fn tag_resource(&self, key_id: &str, tags: &Tags) -> Result<(), Error> {
        let question = proto::TagResourceRequest { key_id: key_id.to_owned(), tags: of(tags) };
        let _: proto::TagResourceResponse = self.ask("/keyferry.v1.KeyService/TagResource", &question).await?;
        Ok(())
    }

    /// UntagResource: tags that the key does not have are not missed.
    pub async fn untag_resource(&self, key_id: &str, tag_keys: &[&str]) -> Result<(), Error> {
        let tag_keys = tag_keys.iter().map(ToString::to_string).collect();
        let question = proto::UntagResourceRequest { key_id: key_id.to_owned(), tag_keys };
        let _: proto::UntagResourceResponse = self.ask("/keyferry.v1.KeyService/UntagResource", &question).await?;
        Ok(())
    }

    /// ListResourceTags, page after page to the last.
    pub async fn list_resource_tags(&self, key_id: &str) -> Result<Tags, Error> {
        let (mut all, mut markers, mut marker) = (Tags::new(), Markers::default(), None);
        loop {
            let question = proto::ListResourceTagsRequest { key_id: key_id.to_owned(), limit: None, marker };
            let page: proto::ListResourceTagsResponse =
                self.ask("/keyferry.v1.KeyService/ListResourceTags", &question).await?;
            all.extend(page.tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)));
            marker = markers.follow(page.truncated, page.next_marker)?;
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// PutKeyPolicy. What lets nobody of the account change it is kept only where the check for that is bypassed.
    pub async fn put_key_policy(
        &self,
        key_id: &str,
        policy: &str,
        bypass_policy_lockout_safety_check: bool,
    ) -> Result<(), Error> {
        let question = proto::PutKeyPolicyRequest {
            key_id: key_id.to_owned(),
            policy_name: None,
            policy: policy.to_owned(),
            bypass_policy_lockout_safety_check,
        };
        let _: proto::PutKeyPolicyResponse = self.ask("/keyferry.v1.KeyService/PutKeyPolicy", &question).await?;
        Ok(())
    }

    /// GetKeyPolicy: the JSON document that is kept with the key, which decides nothing.
    pub async fn get_key_policy(&self, key_id: &str) -> Result<String, Error> {
        let question = proto::GetKeyPolicyRequest { key_id: key_id.to_owned(), policy_name: None };
        let kept: proto::GetKeyPolicyResponse = self.ask("/keyferry.v1.KeyService/GetKeyPolicy", &question).await?;
        Ok(kept.policy)
    }

    /// ListKeyPolicies, page after page to the last.
    pub async fn list_key_policies(&self, key_id: &str) -> Result<Vec<String>, Error> {
        let (mut all, mut markers, mut marker) = (Vec::new(), Markers::default(), None);
        loop {
            let question = proto::ListKeyPoliciesRequest { key_id: key_id.to_owned(), limit: None, marker };
            let page: proto::ListKeyPoliciesResponse =
                self.ask("/keyferry.v1.KeyService/ListKeyPolicies", &question).await?;
            all.extend(page.policy_names);
            marker = markers.follow(page.truncated, page.next_marker)?;
            if marker.is_none() {
                return Ok(all);
            }
        }
    }
}

/// Tags as the wire has them.
pub(super) fn of(tags: &Tags) -> Vec<proto::Tag> {
    tags.iter().map(|(key, value)| proto::Tag { tag_key: key.clone(), tag_value: value.clone() }).collect()
}

//! TagResource, UntagResource, ListResourceTags: tags of keys that are there.

use serde_json::json;

use super::pages::Wanted;
use super::{Call, Error, ListOfKey, Service, TagPage, TagResource, UntagResource, tags};
use crate::model::key::MOST_TAGS;
use crate::model::{Action, Key, KeyRef, Tags};
use crate::policy::Circumstances;

impl Service {
    /// TagResource.
    ///
    /// # Errors
    /// Where there is no such key, the tags are wrong or too many with those that are there, or it is pending deletion.
    pub async fn tag_resource(&self, call: &Call, request: TagResource) -> Result<(), Error> {
        let shown = request.tags.iter().map(|(key, value)| json!({ "tagKey": key, "tagValue": value }));
        call.trail.asks(json!({ "keyId": request.key_id, "tags": shown.collect::<Vec<_>>() }));
        let tags = tags::of(request.tags)?;
        let Key { account, id, .. } =
            self.permitted(call, Action::TagResource, request.key_id, KeyRef::IdOrArn, about(&tags)).await?;
        self.change(&account, &id, |key, _now| Ok((key.tag(tags.clone())?, vec![]))).await?;
        Ok(())
    }

    /// UntagResource.
    ///
    /// # Errors
    /// Where there is no such key, or it is pending deletion.
    pub async fn untag_resource(&self, call: &Call, request: UntagResource) -> Result<(), Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "tagKeys": request.tag_keys }));
        let named = tags::keys(request.tag_keys)?;
        let Key { account, id, .. } =
            self.permitted(call, Action::UntagResource, request.key_id, KeyRef::IdOrArn, about(&named)).await?;
        self.change(&account, &id, |key, _now| Ok((key.untag(named.keys())?, vec![]))).await?;
        Ok(())
    }

    /// ListResourceTags: 50 a page, which is as many as there can be, or fewer.
    ///
    /// # Errors
    /// Where there is no such key, the limit is out of range or the marker none of ours.
    pub async fn list_resource_tags(&self, call: &Call, request: ListOfKey) -> Result<TagPage, Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "limit": request.limit, "marker": request.marker }));
        let most = i32::try_from(MOST_TAGS).unwrap_or(i32::MAX);
        let wanted = Wanted::of(request.limit, most, most, request.marker)?;
        let key = self
            .permitted(call, Action::ListResourceTags, request.key_id, KeyRef::IdOrArn, Circumstances::default())
            .await?;
        let following = key.tags.into_iter().filter(|(key, _)| wanted.after.as_ref().is_none_or(|after| key > after));
        let (tags, next_marker) = wanted.cut(following.collect(), |(key, _)| key.clone());
        Ok(TagPage { tags, next_marker })
    }
}

fn about(tags: &Tags) -> Circumstances {
    Circumstances { request_tags: Some(tags.clone()), ..Circumstances::default() }
}

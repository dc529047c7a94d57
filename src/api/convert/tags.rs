//! Tags of keys.

use crate::proto;
use crate::service::{ListOfKey, TagPage, TagResource, UntagResource};

/// A tag that came over the wire.
pub(super) fn pair(tag: proto::Tag) -> (String, String) {
    let proto::Tag { tag_key, tag_value } = tag;
    (tag_key, tag_value)
}

impl From<proto::TagResourceRequest> for TagResource {
    fn from(request: proto::TagResourceRequest) -> Self {
        let proto::TagResourceRequest { key_id, tags } = request;
        Self { key_id, tags: tags.into_iter().map(pair).collect() }
    }
}

impl From<proto::UntagResourceRequest> for UntagResource {
    fn from(request: proto::UntagResourceRequest) -> Self {
        let proto::UntagResourceRequest { key_id, tag_keys } = request;
        Self { key_id, tag_keys }
    }
}

impl From<proto::ListResourceTagsRequest> for ListOfKey {
    fn from(request: proto::ListResourceTagsRequest) -> Self {
        let proto::ListResourceTagsRequest { key_id, limit, marker } = request;
        Self { key_id, limit, marker }
    }
}

impl From<TagPage> for proto::ListResourceTagsResponse {
    fn from(page: TagPage) -> Self {
        let TagPage { tags, next_marker } = page;
        let tag = |(tag_key, tag_value)| proto::Tag { tag_key, tag_value };
        Self {
            tags: tags.into_iter().map(tag).collect(),
            truncated: next_marker.is_some(),
            next_marker: next_marker.unwrap_or_default(),
        }
    }
}

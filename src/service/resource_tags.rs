//! Tags of keys that are there.

use super::{Call, Error, ListOfKey, Service, TagPage, TagResource, UntagResource};

impl Service {
    /// TagResource.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn tag_resource(&self, call: &Call, request: TagResource) -> Result<(), Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("TagResource is not served yet".to_owned()))
    }

    /// UntagResource.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn untag_resource(&self, call: &Call, request: UntagResource) -> Result<(), Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("UntagResource is not served yet".to_owned()))
    }

    /// ListResourceTags.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn list_resource_tags(&self, call: &Call, request: ListOfKey) -> Result<TagPage, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("ListResourceTags is not served yet".to_owned()))
    }
}

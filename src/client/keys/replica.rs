//! A replica that is to be made.

use crate::model::Tags;

/// A replica of a multi-Region key, to be made in another Region. Shares nothing of what is said here with its primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    pub(in crate::client) region: String,
    pub(in crate::client) description: String,
    pub(in crate::client) tags: Tags,
    pub(in crate::client) policy: Option<String>,
}

impl Replica {
    /// One in this Region.
    pub fn in_region(region: impl Into<String>) -> Self {
        Self { region: region.into(), description: String::new(), tags: Tags::new(), policy: None }
    }

    /// Its owner's words for it, up to 8192 characters.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
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
}

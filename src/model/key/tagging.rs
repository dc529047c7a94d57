//! A key's tags, given and taken while it is there.

use super::super::Tags;
use super::{Key, Refused};

/// The most tags of a key (KMS Developer Guide, "Quotas").
pub const MOST_TAGS: usize = 50;

impl Key {
    /// Gives it tags; one that is there gets the new value.
    ///
    /// # Errors
    /// While it is pending deletion, and where it would have too many.
    pub fn tag(&mut self, tags: Tags) -> Result<(), Refused> {
        self.require_not_pending_deletion()?;
        let mut merged = self.tags.clone();
        merged.extend(tags);
        if merged.len() > MOST_TAGS {
            return Err(Refused::TooManyTags);
        }
        self.tags = merged;
        Ok(())
    }

    /// Takes the tags of these keys from it; those that are not there are not missed.
    ///
    /// # Errors
    /// While it is pending deletion.
    pub fn untag<'a>(&mut self, keys: impl IntoIterator<Item = &'a String>) -> Result<(), Refused> {
        self.require_not_pending_deletion()?;
        for key in keys {
            self.tags.remove(key);
        }
        Ok(())
    }
}

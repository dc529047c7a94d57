//! The tags of a key (KMS API Reference, "Tag").

use super::Error;
use crate::model::invalid::text;
use crate::model::{Invalid, Tags};

/// The most tags of a key.
const MOST: usize = 50;

/// Tags in which each key is named once, none of them reserved.
pub(super) fn of(given: Vec<(String, String)>) -> Result<Tags, Error> {
    if given.len() > MOST {
        return Err(Error::Tags("Too many tags"));
    }
    let mut tags = Tags::new();
    for (key, value) in given {
        let key = text("tagKey", key, 1, 128)?;
        let value = text("tagValue", value, 0, 256)?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::Tags("Tags beginning with aws: are reserved"));
        }
        if key.chars().chain(value.chars()).any(char::is_control) {
            return Err(Invalid::new("tags", "a tag's key and value must not contain control characters").into());
        }
        if tags.insert(key, value).is_some() {
            return Err(Error::Tags("Duplicate tag keys"));
        }
    }
    Ok(tags)
}

//! The tags of a key (KMS API Reference, "Tag").

use super::Error;
use crate::model::invalid::text;
use crate::model::key::MOST_TAGS;
use crate::model::{Invalid, Tags};

/// Tags in which each key is named once, none of them reserved.
pub(super) fn of(given: Vec<(String, String)>) -> Result<Tags, Error> {
    if given.len() > MOST_TAGS {
        return Err(Error::Tags("Too many tags"));
    }
    let mut tags = Tags::new();
    for (position, (key, value)) in (1..).zip(given) {
        let key = text("tagKey", key, 1, 128).map_err(|invalid| of_a_tag(position, invalid))?;
        let value = text("tagValue", value, 0, 256).map_err(|invalid| of_a_tag(position, invalid))?;
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

/// The refusal with the field as the reference names it in a list, counted from 1.
fn of_a_tag(position: usize, invalid: Invalid) -> Invalid {
    let Invalid { field, message } = invalid;
    let path = format!("at 'tags.{position}.member.{field}'");
    Invalid::new("tags", message.replacen(&format!("at '{field}'"), &path, 1))
}

/// Keys of tags, as policies take them: with values that say nothing.
pub(super) fn keys(given: Vec<String>) -> Result<Tags, Error> {
    given.into_iter().map(|key| Ok((text("tagKeys", key, 1, 128)?, String::new()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(given: &[(&str, &str)]) -> Result<Tags, String> {
        let given = given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        of(given.collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn tags_are_few_short_and_each_there_once() {
        let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
        #[rustfmt::skip]
        let cases: [(&[(&str, &str)], &str); 7] = [
            (&[("a", "1"), ("a", "2")], "Duplicate tag keys"),
            (&[("aws:x", "")],          "Tags beginning with aws: are reserved"),
            (&[("AWS:x", "")],          "Tags beginning with aws: are reserved"),
            (&[("", "1")],              "length greater than or equal to 1"),
            (&[(&long_key, "")],        "length less than or equal to 128"),
            (&[("a", &long_value)],     "length less than or equal to 256"),
            (&[("a", "1\n2")],          "must not contain control characters"),
        ];
        for (given, said) in cases {
            let refusal = tags(given).unwrap_err();
            assert!(refusal.contains(said), "{refusal}");
        }
        let many: Vec<(String, String)> = (0..51).map(|n| (n.to_string(), String::new())).collect();
        assert_eq!(of(many.clone()).unwrap_err().to_string(), "Too many tags");
        assert_eq!(of(many[1..].to_vec()).unwrap().len(), 50);
        assert_eq!(tags(&[("team", ""), ("Team", "x")]).unwrap().len(), 2);
    }
}

//! `[kms]`: what the ARNs of keys say, and what the Region offers.

use serde::Deserialize;

use crate::model::Realm;

/// How keys are named: `arn:<partition>:kms:<region>:<account>:key/<key id>`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Kms {
    /// Partition and region.
    pub realm: Realm,
    /// Whether the reference would offer SM2 in this region: as wrapping key spec, wrapping algorithm and key spec.
    pub sm2: bool,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    partition: String,
    region: String,
    sm2: bool,
}

impl Default for Raw {
    fn default() -> Self {
        Self { partition: "aws".to_owned(), region: "us-east-1".to_owned(), sm2: false }
    }
}

impl Default for Kms {
    fn default() -> Self {
        let Raw { partition, region, sm2 } = Raw::default();
        Self { realm: Realm { partition, region }, sm2 }
    }
}

impl TryFrom<Raw> for Kms {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let Raw { partition, region, sm2 } = raw;
        if !partition.split('-').all(is_word) {
            return Err(format!("partition: expected a name such as aws, found {partition:?}"));
        }
        if !is_region(&region) {
            return Err(format!("region: expected a name such as us-east-1, found {region:?}"));
        }
        Ok(Self { realm: Realm { partition, region }, sm2 })
    }
}

/// `^([a-z]+-){2,3}\d+$`
fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    let words: Vec<&str> = words.split('-').collect();
    (2..=3).contains(&words.len())
        && words.into_iter().all(is_word)
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::is_region;

    #[test]
    fn a_region_is_two_or_three_words_and_a_number() {
        for region in ["us-east-1", "ap-southeast-12", "us-gov-west-1"] {
            assert!(is_region(region), "{region}");
        }
        for other in ["", "us", "us-1", "us-east", "us-east-", "US-east-1", "a-b-c-d-1", "us--1", "us-east-1a", "us-e1st-1"]
        {
            assert!(!is_region(other), "{other}");
        }
    }
}

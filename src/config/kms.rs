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
        if !Realm::is_region(&region) {
            return Err(format!("region: expected a name such as us-east-1, found {region:?}"));
        }
        Ok(Self { realm: Realm { partition, region }, sm2 })
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase())
}

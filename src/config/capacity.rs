//! `[capacity]`: how much of the token keyferry may fill, and how much of that any one caller.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::limits::within;

/// The fewest objects that a service can do its work with: a set, its material and the keys of the service itself.
const LEAST_OBJECTS: u32 = 16;
/// More than any token holds.
const MOST_OBJECTS: u32 = 10_000_000;

/// What may be at once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capacity {
    /// The most objects of keyferry's on the token; `None` for what the token tells.
    #[serde(deserialize_with = "objects")]
    pub objects: Option<u32>,
    /// How much of it wrapping keys never take, in percent: 1 to 90.
    #[serde(deserialize_with = "within::<_, _, 1, 90>")]
    pub import_share: u32,
    /// Unused sets of one principal, 1 to 1,000,000.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    pub sets_per_principal: u32,
    /// Unused sets of one key, 1 to 1,000,000.
    #[serde(deserialize_with = "within::<_, _, 1, 1_000_000>")]
    pub sets_per_key: u32,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { objects: None, import_share: 20, sets_per_principal: 1000, sets_per_key: 100 }
    }
}

/// A number of objects, or `"auto"`. From the environment either comes as text.
fn objects<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    struct Objects;

    impl Visitor<'_> for Objects {
        type Value = Option<u32>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{LEAST_OBJECTS} to {MOST_OBJECTS}, or \"auto\"")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            let number = u32::try_from(number).ok().filter(|number| (LEAST_OBJECTS..=MOST_OBJECTS).contains(number));
            number.map(Some).ok_or_else(|| E::invalid_value(Unexpected::Other("another number"), &self))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            self.visit_u64(u64::try_from(number).unwrap_or_default())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            match text.parse() {
                Ok(number) => self.visit_u64(number),
                Err(_) if text == "auto" => Ok(None),
                Err(_) => Err(E::invalid_value(Unexpected::Str(text), &self)),
            }
        }
    }

    deserializer.deserialize_any(Objects)
}

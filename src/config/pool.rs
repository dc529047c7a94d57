//! `[pool]`: wrapping key pairs that stand ready, so that nobody waits for RSA.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::limits::within;

/// The pool.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// Sessions that make pairs ahead of demand: 1 to 16.
    #[serde(deserialize_with = "within::<_, _, 1, 16>")]
    pub sessions: usize,
    /// Callers who may wait for a pair where none is ready: 1 to 4096.
    #[serde(deserialize_with = "within::<_, _, 1, 4096>")]
    pub waiting: usize,
    /// RSA_2048.
    pub rsa_2048: Marks,
    /// RSA_3072.
    pub rsa_3072: Marks,
    /// RSA_4096.
    pub rsa_4096: Marks,
}

/// Between how many and how many pairs stand ready, for each use that they are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// With fewer, more are made.
    pub low: u32,
    /// Until there are so many; 0 for no pool.
    pub high: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            sessions: 1,
            waiting: 64,
            rsa_2048: Marks { low: 8, high: 16 },
            rsa_3072: Marks { low: 4, high: 8 },
            rsa_4096: Marks { low: 8, high: 16 },
        }
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            #[serde(deserialize_with = "within::<_, _, 0, 100_000>")]
            low: u32,
            #[serde(deserialize_with = "within::<_, _, 0, 100_000>")]
            high: u32,
        }
        let Raw { low, high } = Raw::deserialize(deserializer)?;
        if low > high {
            return Err(D::Error::custom(format!("expected low to be at most high, found low = {low} and high = {high}")));
        }
        Ok(Self { low, high })
    }
}

//! The whole walk of an import: look, choose, create or reuse the key, get parameters, wrap, import, compare, look again.
//!
//! It outlives a lost connection: what may be repeated is repeated, with growing pauses, until its patience is over. The
//! import itself is sent again byte for byte, and the service answers the identical request the same, so that nothing is
//! imported twice. A key is never made twice: where nobody knows whether it was, the walk stops and says so.

mod choice;
mod course;
mod plan;
mod progress;
mod retry;
mod run;
mod tour;

use std::sync::Arc;
use std::time::Duration;

pub use choice::Choice;
pub use plan::Plan;
pub use progress::{Progress, Step};
pub use run::Outcome;
pub use tour::Tour;

use super::keys::NewKey;
use super::trust::Trust;
use crate::clock::{Clock, SystemClock};
use crate::model::{Expiration, WrappingAlgorithm, WrappingKeySpec};

/// How long failures that pass are borne, where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which key the material is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The key with this id or ARN.
    Existing(String),
    /// One that is made first; its origin is EXTERNAL, whatever it says.
    New(NewKey),
}

/// An import that is to be walked through.
#[derive(Clone)]
pub struct Walk {
    target: Target,
    algorithm: Option<WrappingAlgorithm>,
    wrapping: Option<WrappingKeySpec>,
    expiration: Expiration,
    again: bool,
    patience: Duration,
    clock: Arc<dyn Clock>,
    trust: Option<Trust>,
}

impl Walk {
    /// To this key, with material that does not expire, wrapped in the strongest way that the service offers.
    pub fn to(target: Target) -> Self {
        let target = match target {
            Target::New(key) => Target::New(key.external_origin()),
            existing @ Target::Existing(_) => existing,
        };
        let (algorithm, wrapping) = (None, None);
        let clock = Arc::new(SystemClock);
        let expiration = Expiration::Never;
        Self { target, algorithm, wrapping, expiration, again: false, patience: PATIENCE, clock, trust: None }
    }

    /// Wraps with this algorithm and no other.
    #[must_use]
    pub fn wrapping_algorithm(self, algorithm: WrappingAlgorithm) -> Self {
        Self { algorithm: Some(algorithm), ..self }
    }

    /// Wraps with a key of this spec and no other.
    #[must_use]
    pub fn wrapping_key_spec(self, spec: WrappingKeySpec) -> Self {
        Self { wrapping: Some(spec), ..self }
    }

    /// When the material is to end.
    #[must_use]
    pub fn expiration(self, expiration: Expiration) -> Self {
        Self { expiration, ..self }
    }

    /// Imports even where the key has this very material already, with this very end.
    #[must_use]
    pub fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// How long failures that pass are borne, all pauses and repeats of the walk together; 60 seconds where it is not called.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Wraps for no key that this signer has not attested, and is content with no import that it gives no receipt of.
    #[must_use]
    pub fn trust(self, trust: Trust) -> Self {
        Self { trust: Some(trust), ..self }
    }

    /// The clock that says whether parameters are expired; the machine's where it is not called.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }
}

impl std::fmt::Debug for Walk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walk")
            .field("target", &self.target)
            .field("algorithm", &self.algorithm)
            .field("wrapping", &self.wrapping)
            .field("expiration", &self.expiration)
            .field("again", &self.again)
            .field("patience", &self.patience)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

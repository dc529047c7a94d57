//! The services of other Regions, as this one needs them. What carries it there is not the service's business.

use std::pin::Pin;

use super::Kind;
use crate::model::key::{Report, Telling};

/// What comes of telling.
pub type Heard<'a> = Pin<Box<dyn Future<Output = Result<Report, Untold>> + Send + 'a>>;

/// The services of other Regions that keep replicas and primaries of the same keys.
pub trait Peers: Send + Sync + std::fmt::Debug {
    /// The Region that a principal speaks for.
    fn region_of(&self, principal: &str) -> Option<&str>;

    /// The Regions that there is one in.
    fn regions(&self) -> Vec<String>;

    /// Tells the one in this Region, and returns what it says of its own key.
    fn tell<'a>(&'a self, region: &'a str, telling: &'a Telling) -> Heard<'a>;
}

/// Why a Region was not told, or did not take it.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    /// It says no, and will as long as nobody changes anything.
    #[error("{region} refuses: {message}")]
    Refused {
        /// Which Region.
        region: String,
        /// What it calls its refusal.
        kind: Kind,
        /// In its words.
        message: String,
    },
    /// It says that it takes it later.
    #[error("{region} refuses for now: {message}")]
    Later {
        /// Which Region.
        region: String,
        /// In its words.
        message: String,
    },
    /// It was not reached.
    #[error("{region} is not reached: try again, and look at its service")]
    Unreached {
        /// Which Region.
        region: String,
        /// Why not: for the log, and not for callers.
        cause: String,
    },
}

impl Untold {
    /// Why it was not reached.
    pub fn cause(&self) -> &str {
        match self {
            Self::Refused { message, .. } | Self::Later { message, .. } => message,
            Self::Unreached { cause, .. } => cause,
        }
    }
}

/// No other Regions.
#[derive(Clone, Copy, Debug)]
pub struct NoPeers;

impl Peers for NoPeers {
    fn region_of(&self, _principal: &str) -> Option<&str> {
        None
    }

    fn regions(&self) -> Vec<String> {
        Vec::new()
    }

    fn tell<'a>(&'a self, region: &'a str, _telling: &'a Telling) -> Heard<'a> {
        let unreached = Untold::Unreached { region: region.to_owned(), cause: "it is no peer of this service".to_owned() };
        Box::pin(async { Err(unreached) })
    }
}

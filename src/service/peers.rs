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

    /// Whether there is one in this Region.
    fn has(&self, region: &str) -> bool;

    /// Whether there are any.
    fn is_empty(&self) -> bool;

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
    /// It was not reached, or may take it later.
    #[error("{region} is not reached: {cause}")]
    Unreached {
        /// Which Region.
        region: String,
        /// Why not.
        cause: String,
    },
}

/// No other Regions.
#[derive(Clone, Copy, Debug)]
pub struct NoPeers;

impl Peers for NoPeers {
    fn region_of(&self, _principal: &str) -> Option<&str> {
        None
    }

    fn has(&self, _region: &str) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        true
    }

    fn tell<'a>(&'a self, region: &'a str, _telling: &'a Telling) -> Heard<'a> {
        let unreached = Untold::Unreached { region: region.to_owned(), cause: "it is no peer of this service".to_owned() };
        Box::pin(async { Err(unreached) })
    }
}

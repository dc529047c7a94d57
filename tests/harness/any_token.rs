//! The token of an installation, whoever made it.

use std::path::PathBuf;

use super::kryoptic::{self, Kryoptic};
use super::softhsm::{self, SoftHsm};

/// Which software a token is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Make {
    #[default]
    SoftHsm,
    Kryoptic,
}

/// An initialised token, in a folder of its own.
pub enum AnyToken {
    SoftHsm(SoftHsm),
    Kryoptic(Kryoptic),
}

impl AnyToken {
    /// Makes one.
    pub fn new(make: Make) -> Self {
        match make {
            Make::SoftHsm => Self::SoftHsm(SoftHsm::new()),
            Make::Kryoptic => Self::Kryoptic(Kryoptic::new()),
        }
    }

    /// The PKCS#11 module.
    pub fn module(&self) -> PathBuf {
        match self {
            Self::SoftHsm(_) => softhsm::module().to_owned(),
            Self::Kryoptic(_) => kryoptic::module(),
        }
    }

    /// What its module's configuration is named by, in the environment.
    pub fn variable(&self) -> &'static str {
        match self {
            Self::SoftHsm(_) => "SOFTHSM2_CONF",
            Self::Kryoptic(_) => "KRYOPTIC_CONF",
        }
    }

    /// What that variable must say.
    pub fn conf(&self) -> PathBuf {
        match self {
            Self::SoftHsm(token) => token.conf(),
            Self::Kryoptic(token) => token.conf(),
        }
    }

    /// Where the token has its files.
    pub fn folder(&self) -> PathBuf {
        match self {
            Self::SoftHsm(token) => token.folder(),
            Self::Kryoptic(token) => token.folder().to_owned(),
        }
    }
}

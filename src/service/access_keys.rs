//! Access keys.

use super::{Error, Service};
use crate::sigv4::{Refused, Signed};

impl Service {
    /// Whose a signature is.
    ///
    /// # Errors
    /// Where it is nobody's.
    pub async fn authenticate(&self, signed: &Signed) -> Result<String, Error> {
        let _ = signed;
        Err(Refused::UnknownKey.into())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Unauthentic { kind: super::Kind::InvalidSignature, message: refused.to_string() }
    }
}

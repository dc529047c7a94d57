//! What a token's refusals mean to those who asked.

use cryptoki::context::Function;
use cryptoki::error::{Error as Pkcs11Error, RvError};

use super::fault::{Meaning, is_gone, meaning};

/// Why the token did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Every session is at work and the queue is full.
    #[error("the token is busy")]
    Busy,
    /// The token has no room for another object.
    #[error("the token is full")]
    Full(#[source] Pkcs11Error),
    /// The token is not usable just now, or not in time.
    #[error("the token is not available")]
    Gone(#[source] Pkcs11Error),
    /// The token has not answered for so long that it is not waited for any more. Whether it did what it was asked is not known.
    #[error("the token does not answer")]
    Hanging,
    /// The host could not do its part.
    #[error("the host: {0}")]
    Host(String),
    /// The token does not have this mechanism, or not in this form.
    #[error("the token does not support {0}")]
    Lacks(&'static str),
    /// The object that a record names is not in the token.
    #[error("object {0} is not in the token")]
    Missing(crate::model::ObjectId),
    /// The token works but did something that it must not.
    #[error("the token misbehaves: {0}")]
    Misbehaved(String),
    /// What came out of RSA is not right. Deliberately says no more.
    #[error("the encrypted key material could not be unwrapped")]
    Rejected,
    /// A handle stands for nothing any more: the object was destroyed meanwhile.
    #[error("the object was destroyed meanwhile")]
    Stale(#[source] Pkcs11Error),
    /// The thread that talked to the token ended in the middle.
    #[error("the token's thread ended unexpectedly")]
    Stopped,
    /// Anything else that PKCS#11 says.
    #[error("PKCS#11")]
    Failed(#[source] Pkcs11Error),
}

impl Error {
    /// What is said where the token is not there in time.
    pub fn gone() -> Self {
        Self::Gone(Pkcs11Error::Pkcs11(RvError::SessionClosed, Function::OpenSession))
    }

    /// Whether an import that ended so cannot have left an object on the token: it ended before one was put there.
    pub fn leaves_nothing(&self) -> bool {
        match self {
            Self::Busy | Self::Lacks(_) | Self::Missing(_) | Self::Rejected | Self::Stale(_) => true,
            Self::Failed(_)
            | Self::Full(_)
            | Self::Gone(_)
            | Self::Hanging
            | Self::Host(_)
            | Self::Misbehaved(_)
            | Self::Stopped => false,
        }
    }
}

impl Error {
    /// What the error is where it came of the first use of `mechanism`: a token that does not have it says so before it works.
    pub(super) fn of_mechanism(self, mechanism: &'static str) -> Self {
        match self {
            Self::Failed(error) if is_lack(&error) => Self::Lacks(mechanism),
            error => error,
        }
    }
}

/// Whether a token says that it does not do this at all. Of what is given to a mechanism, only its parameters are said so far.
fn is_lack(error: &Pkcs11Error) -> bool {
    use Function::{DecryptInit, DeriveKey, EncryptInit, GenerateRandom, SignInit, VerifyInit};
    match error {
        Pkcs11Error::NullFunctionPointer => true,
        Pkcs11Error::Pkcs11(said, DecryptInit | EncryptInit | SignInit | VerifyInit) => matches!(
            said,
            RvError::MechanismInvalid
                | RvError::MechanismParamInvalid
                | RvError::FunctionNotSupported
                // SoftHSM's word for a hash of OAEP or a salt of PSS that it does not have.
                | RvError::ArgumentsBad
        ),
        Pkcs11Error::Pkcs11(said, DeriveKey | GenerateRandom) => {
            matches!(said, RvError::MechanismInvalid | RvError::FunctionNotSupported | RvError::RandomNoRng)
        }
        _ => false,
    }
}

impl From<Pkcs11Error> for Error {
    fn from(error: Pkcs11Error) -> Self {
        if is_gone(&error) {
            Self::Gone(error)
        } else if meaning(&error) == Meaning::Full {
            Self::Full(error)
        } else {
            Self::Failed(error)
        }
    }
}

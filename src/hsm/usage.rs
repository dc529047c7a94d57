//! What every use of material in the token has in common: it may have been destroyed meanwhile, and the token may not have the
//! mechanism.

use cryptoki::context::Function;
use cryptoki::error::Error as Pkcs11Error;
use cryptoki::object::ObjectHandle;

use super::fault::is_stale;
use super::{Error, Token};
use crate::model::ObjectId;

impl Token {
    /// As [`Token::with_object`], by `mechanism`, which is named where the token does not have it.
    pub(super) fn with_material<T>(
        &self,
        id: &ObjectId,
        mechanism: &'static str,
        use_it: impl Fn(ObjectHandle) -> Result<T, Pkcs11Error>,
    ) -> Result<T, Error> {
        self.with_object(id, use_it).map_err(|error| match error {
            Error::Failed(error) if is_stale(&error) => Error::Stale(error),
            error => error.of_mechanism(mechanism),
        })
    }

    /// An answer that only a ciphertext can have spoilt: `None` where it was the ciphertext, and the token works. What fails before
    /// the token sees a ciphertext, or says that the token is gone or full, says nothing of one. `epoch` is that of the handles from before.
    pub(super) fn unless_bad<T>(&self, epoch: u64, answer: Result<T, Error>) -> Result<Option<T>, Error> {
        let fault = match answer {
            Err(Error::Failed(Pkcs11Error::Pkcs11(code, Function::Decrypt))) => {
                let fault = self.whose_fault(Error::Failed(Pkcs11Error::Pkcs11(code, Function::Decrypt)), epoch);
                if matches!(fault, Error::Rejected) {
                    // Beside a caller who swears by their ciphertext, an operator wants to know what the token said.
                    tracing::info!(?code, "a ciphertext is refused");
                }
                fault
            }
            Err(error) => error,
            Ok(answer) => return Ok(Some(answer)),
        };
        if matches!(fault, Error::Rejected) { Ok(None) } else { Err(fault) }
    }
}

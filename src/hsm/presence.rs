//! Whether the token is there: that it works, and shows what it has.

use std::sync::atomic::Ordering;

use cryptoki::context::Function;
use cryptoki::error::{Error as Pkcs11Error, RvError};

use super::{Error, Token};

impl Token {
    /// Whether the token still works: a MAC with a known key.
    ///
    /// # Errors
    /// Where it does not.
    pub fn self_test(&self) -> Result<(), Error> {
        match self.shared.mac_key.get() {
            Some(_) => self.mac(b"self-test").map(|_| ()),
            None => {
                self.session.get_session_info()?;
                self.require_mark()
            }
        }
    }

    /// What is not found is not there only where this holds, too: a lost login looks as if there were no objects, and so does a token that
    /// is away.
    ///
    /// # Errors
    /// [`Error::Gone`] where the login is lost, or the token does not show the mark that it has shown.
    pub(super) fn require_itself(&self) -> Result<(), Error> {
        self.require_login()?;
        self.require_mark()
    }

    /// SoftHSM 2.6.1 whose folder is moved away finds no objects, says no error and that it is logged in, and so it is when the folder is
    /// back, until the module is initialised anew. Then it does not show its mark either.
    fn require_mark(&self) -> Result<(), Error> {
        if self.shared.marked.load(Ordering::Relaxed) && self.installation()?.is_none() {
            return Err(Error::Gone(Pkcs11Error::Pkcs11(RvError::TokenNotPresent, Function::FindObjects)));
        }
        Ok(())
    }
}

//! The login, which is the process's and not a session's: lost for one, it is lost for all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::types::AuthPin;
use secrecy::{ExposeSecret, SecretString};

use super::OpenError;
use super::token::Shared;

/// The PIN, and whether it is still tried.
#[derive(Debug)]
pub(super) struct Login {
    pin: SecretString,
    /// Whether nobody logs in any more. One at a time, and none after a refusal: each wrong PIN brings the token's lock nearer.
    refused: Mutex<bool>,
    times: AtomicU64,
}

impl Login {
    pub(super) fn new(pin: SecretString) -> Self {
        Self { pin, refused: Mutex::new(false), times: AtomicU64::new(0) }
    }

    /// How often it was logged in.
    pub(super) fn times(&self) -> u64 {
        self.times.load(Ordering::Relaxed)
    }

    /// Logs in where nobody is, once.
    ///
    /// # Errors
    /// Where the token refuses the PIN or has before, or does not do it.
    pub(super) fn ensure(&self, session: &Session, shared: &Shared) -> Result<(), OpenError> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if session.get_session_info()?.session_state() == SessionState::RwUser {
            return Ok(());
        }
        if *refused {
            return Err(OpenError::WrongPin);
        }
        // Held over the login: whoever found nothing before it must see another epoch after it.
        let mut handles = shared.handles();
        handles.forget();
        let login = self.log_in(session);
        handles.forget();
        drop(handles);
        *refused = matches!(login, Err(OpenError::WrongPin | OpenError::PinLocked));
        login?;
        self.times.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn log_in(&self, session: &Session) -> Result<(), OpenError> {
        let pin = AuthPin::new(self.pin.expose_secret().into());
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Pkcs11Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinExpired,
                _,
            )) => Err(OpenError::WrongPin),
            Err(Pkcs11Error::Pkcs11(RvError::PinLocked, _)) => Err(OpenError::PinLocked),
            Err(other) => Err(OpenError::Pkcs11(other)),
        }
    }
}

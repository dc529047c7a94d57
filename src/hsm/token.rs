//! One session with the token, and what every use of it needs: finding, copying, destroying, reading back.
//!
//! Rules that the token's nature dictates (each was measured on SoftHSM2, where breaking it loses keys):
//! a find always says CKA_TOKEN=true; an object is made in the session and copied to the token; copies and destructions
//! hold one lock; what was copied is read back, for a full disk answers CKR_OK.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use cryptoki::context::Function;
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::{Session, SessionState};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::fault::{Meaning, Tally, is_stale, meaning};
use super::handles::Handles;
use super::library::Lease;
use super::login::Login;
use super::mechanism::KeyWrap;
use super::turn::{Taken, Turn};
use super::unseen::Unseen;
use super::{Error, OpenError};
use crate::model::ObjectId;

/// What all sessions with one token share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) login: Login,
    /// What the token said other than CKR_OK.
    pub(super) faults: Tally,
    /// Taken while an object is copied to the token or destroyed on it.
    pub(super) changing: Turn,
    handles: Mutex<Handles>,
    /// The epoch of the handles as it was last seen, for those who must not wait.
    epoch: AtomicU64,
    /// Taken by whoever lists all objects, so that all who miss a handle after a lost login wait for one listing.
    pub(super) listing: Turn,
    /// Objects whose destruction failed. Some tokens do not show them any more, and have them back after a restart.
    undestroyed: Mutex<HashSet<ObjectId>>,
    /// Objects that must be there and are not found.
    pub(super) unseen: Unseen,
    /// Objects that are being put on the token: as long as a call hangs, one that is not found may still come.
    making: Mutex<HashSet<ObjectId>>,
    /// How many pairs in a row could not be made for a reason that may lie in the module.
    pub(super) unmade: AtomicU32,
    /// The mechanism that proved to be RFC 5649.
    pub(super) key_wrap: OnceLock<KeyWrap>,
    /// The key that authenticates import tokens; also what a self-test uses.
    pub(super) mac_key: OnceLock<ObjectId>,
    /// Whether it has shown an installation's mark, and so is to show it always.
    pub(super) marked: AtomicBool,
}

impl Shared {
    /// `longest_call` is how long others wait at most for a thread that may hang.
    pub(super) fn new(pin: SecretString, longest_call: Duration) -> Self {
        Self {
            login: Login::new(pin),
            faults: Tally::default(),
            changing: Turn::new(longest_call / 2),
            handles: Mutex::default(),
            epoch: AtomicU64::default(),
            listing: Turn::new(longest_call / 2),
            making: Mutex::default(),
            unmade: AtomicU32::new(0),
            undestroyed: Mutex::default(),
            unseen: Unseen::default(),
            key_wrap: OnceLock::new(),
            mac_key: OnceLock::new(),
            marked: AtomicBool::new(false),
        }
    }

    /// How often all handles were forgotten, as far as is known: whoever logs in holds them.
    pub(super) fn epoch(&self) -> u64 {
        if let Ok(handles) = self.handles.try_lock() {
            self.epoch.store(handles.epoch(), Ordering::Relaxed);
        }
        self.epoch.load(Ordering::Relaxed)
    }

    pub(super) fn handles(&self) -> MutexGuard<'_, Handles> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn undestroyed(&self) -> MutexGuard<'_, HashSet<ObjectId>> {
        self.undestroyed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn making(&self) -> MutexGuard<'_, HashSet<ObjectId>> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget_handles(&self) {
        self.handles().forget();
    }
}

/// A session with the token. Its calls block for as long as the hardware likes.
#[derive(Debug)]
pub struct Token {
    // Before the lease: a session is closed while the module may still be used.
    pub(super) session: Session,
    pub(super) lease: Lease,
    pub(super) shared: Arc<Shared>,
    /// Whether nobody waits any more for what its thread does: then it must not leave anything on the token.
    pub(super) written_off: Arc<AtomicBool>,
    /// Whether the session was left in the middle of something, and is to be replaced.
    pub(super) spoiled: Cell<bool>,
    /// Objects of the session that are of no more use, and the epoch of the handles that each was made in.
    pub(super) dropped: RefCell<Vec<(u64, ObjectHandle)>>,
}

impl Token {
    /// A session that nothing has been done with.
    pub(super) fn new(session: Session, lease: Lease, shared: Arc<Shared>, written_off: Arc<AtomicBool>) -> Self {
        Self { session, lease, shared, written_off, spoiled: Cell::new(false), dropped: RefCell::default() }
    }

    /// What an error means that a call ended with: what may be of the token itself is settled by a self-test.
    pub(super) fn judge(&self, error: Error) -> Error {
        let (Error::Failed(said) | Error::Full(said) | Error::Gone(said) | Error::Stale(said)) = &error else {
            return error;
        };
        self.shared.faults.note(said);
        match error {
            Error::Failed(said) if meaning(&said) == Meaning::Doubtful && self.self_test().is_err() => Error::Gone(said),
            error => error,
        }
    }

    /// To be held while an object is copied to the token, destroyed on it, or destroyed in a session.
    pub(super) fn changing(&self) -> Taken<'_> {
        self.shared.changing.take(&self.written_off)
    }

    /// Fails where nobody waits for its thread any more.
    pub(super) fn require_awaited(&self) -> Result<(), Error> {
        if self.written_off.load(Ordering::SeqCst) { Err(Error::Hanging) } else { Ok(()) }
    }

    /// The MAC of `data` under the key that authenticates import tokens: HMAC-SHA-256, 32 bytes.
    ///
    /// # Errors
    /// Where the token does not do it.
    pub fn mac(&self, data: &[u8]) -> Result<[u8; 32], Error> {
        let id = self.shared.mac_key.get().ok_or_else(|| Error::Misbehaved("no MAC key".to_owned()))?;
        self.mac_under(id, data).map(|mac| *mac)
    }

    /// The MAC of `data` under this key: HMAC-SHA-256, 32 bytes. Wiped when it goes, for it may be a secret.
    ///
    /// # Errors
    /// Where the token does not do it.
    pub fn mac_under(&self, id: &ObjectId, data: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        let mac = self.with_object(id, |key| self.session.sign(&Mechanism::Sha256Hmac, key, data)).map(Zeroizing::new)?;
        let mac = <[u8; 32]>::try_from(&mac[..]).map(Zeroizing::new);
        mac.map_err(|_| Error::Misbehaved("an HMAC-SHA-256 of another length than 32".to_owned()))
    }

    /// Whether an object with this CKA_ID is on the token.
    ///
    /// # Errors
    /// Where the token does not say.
    pub fn contains(&self, id: &ObjectId) -> Result<bool, Error> {
        Ok(self.find(id)?.is_some() || !self.find_all_surely(id)?.is_empty())
    }

    /// Runs `use_it` on the object with this CKA_ID; where its handle turns out stale, finds it again and runs once more; where the
    /// login turns out lost, logs in and runs once more.
    pub(super) fn with_object<T>(
        &self,
        id: &ObjectId,
        use_it: impl Fn(ObjectHandle) -> Result<T, Pkcs11Error>,
    ) -> Result<T, Error> {
        let epoch = self.shared.handles().epoch();
        match self.with_found(id, &use_it) {
            Err(Error::Gone(error) | Error::Failed(error)) if self.is_of_a_lost_login(&error, epoch) => {
                self.shared.faults.note(&error);
                // The handle may be another object's by now.
                self.log_in_again(error)?;
                self.with_found(id, &use_it)
            }
            outcome => outcome,
        }
    }

    fn with_found<T>(&self, id: &ObjectId, use_it: &impl Fn(ObjectHandle) -> Result<T, Pkcs11Error>) -> Result<T, Error> {
        match use_it(self.require(id)?) {
            Err(error) if is_stale(&error) => {
                self.shared.faults.note(&error);
                self.shared.handles().remove(id);
                Ok(use_it(self.require(id)?)?)
            }
            outcome => Ok(outcome?),
        }
    }

    /// Whether an error says that the login was lost since the handles were in `epoch`. Kryoptic says so by CKR_GENERAL_ERROR, and
    /// the session's state tells, unless another has logged in by then.
    fn is_of_a_lost_login(&self, error: &Pkcs11Error, epoch: u64) -> bool {
        match meaning(error) {
            Meaning::Login => true,
            Meaning::Doubtful if self.shared.handles().epoch() != epoch => true,
            Meaning::Doubtful => {
                self.session.get_session_info().is_ok_and(|info| info.session_state() != SessionState::RwUser)
            }
            _ => false,
        }
    }

    fn log_in_again(&self, lost: Pkcs11Error) -> Result<(), Error> {
        match self.shared.login.ensure(&self.session, &self.shared) {
            Ok(()) => {
                tracing::warn!("the login to the token was lost; logged in again");
                Ok(())
            }
            Err(OpenError::Pkcs11(error)) => Err(Error::Gone(error)),
            Err(_) => Err(Error::Gone(lost)),
        }
    }

    fn require(&self, id: &ObjectId) -> Result<ObjectHandle, Error> {
        if let Some(handle) = self.find(id)? {
            return Ok(handle);
        }
        self.find_all_surely(id)?.first().copied().ok_or(Error::Missing(*id))
    }

    /// As [`Token::find_all`], where none found must mean that there is none, and not that the login is lost or was meanwhile.
    pub(super) fn find_all_surely(&self, id: &ObjectId) -> Result<Vec<ObjectHandle>, Error> {
        let epoch = self.shared.handles().epoch();
        let found = self.find_all(id)?;
        if found.is_empty() {
            self.require_itself()?;
            if self.shared.handles().epoch() != epoch {
                return Err(not_logged_in());
            }
        }
        Ok(found)
    }

    /// A lost login looks as if there were no objects: finds answer none, and no error.
    pub(super) fn require_login(&self) -> Result<(), Error> {
        match self.session.get_session_info()?.session_state() {
            SessionState::RwUser if !self.shared.handles().is_logging_in() => Ok(()),
            _ => Err(not_logged_in()),
        }
    }

    /// The handle of an object, as a rule without a search: finds are linear in the token's objects. A handle that is missing
    /// because all were forgotten comes back by one listing for all; one that another process has made by a find of its own.
    fn find(&self, id: &ObjectId) -> Result<Option<ObjectHandle>, Error> {
        let (known, listed) = self.shared.handles().look_up(id);
        if known.is_some() {
            return Ok(known);
        }
        if !listed {
            // What else keeps a listing from its end need not have to do with this object.
            if let Err(gone @ Error::Gone(_)) = self.list_once() {
                return Err(gone);
            }
            if let (Some(handle), _) = self.shared.handles().look_up(id) {
                return Ok(Some(handle));
            }
        }
        let epoch = self.shared.handles().epoch();
        let found = self.find_all(id)?.first().copied();
        if let Some(handle) = found {
            self.remember(epoch, id, handle);
        }
        Ok(found)
    }

    pub(super) fn remember(&self, epoch: u64, id: &ObjectId, handle: ObjectHandle) {
        self.shared.handles().remember(epoch, id, handle);
    }

    pub(super) fn find_all(&self, id: &ObjectId) -> Result<Vec<ObjectHandle>, Error> {
        Ok(self.session.find_objects(&[Attribute::Token(true), Attribute::Id(id.0.to_vec())])?)
    }
}

pub(super) fn not_logged_in() -> Error {
    Error::Gone(Pkcs11Error::Pkcs11(RvError::UserNotLoggedIn, Function::GetSessionInfo))
}

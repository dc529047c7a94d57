//! One session with the token, and what every use of it needs: finding, copying, destroying, reading back.
//!
//! Rules that the token's nature dictates (each was measured on SoftHSM2, where breaking it loses keys):
//! a find always says CKA_TOKEN=true; an object is made in the session and copied to the token; copies and destructions
//! hold one lock; what was copied is read back, for a full disk answers CKR_OK.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cryptoki::context::Function;
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, SessionState};

use super::Error;
use super::mechanism::KeyWrap;
use crate::model::{ObjectId, ObjectKind};

/// What all sessions with one token share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Held while an object is copied to the token or destroyed on it.
    changing: Mutex<()>,
    /// Handles by CKA_ID; emptied when a session or the login is lost, for then they all are.
    handles: Mutex<Handles>,
    /// Objects whose destruction failed. Some tokens do not show them any more, and have them back after a restart.
    undestroyed: Mutex<HashSet<ObjectId>>,
    /// The mechanism that proved to be RFC 5649.
    pub(super) key_wrap: OnceLock<KeyWrap>,
    /// The key that authenticates import tokens; also what a self-test uses.
    pub(super) mac_key: OnceLock<ObjectId>,
}

/// Handles, and how often they were all forgotten: one that was found before that is not kept after it.
#[derive(Debug, Default)]
pub(super) struct Handles {
    pub(super) epoch: u64,
    by_id: HashMap<ObjectId, ObjectHandle>,
}

impl Shared {
    /// Held while an object is copied to the token, destroyed on it, or destroyed in a session.
    pub(super) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn handles(&self) -> MutexGuard<'_, Handles> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn undestroyed(&self) -> MutexGuard<'_, HashSet<ObjectId>> {
        self.undestroyed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget_handles(&self) {
        let mut handles = self.handles();
        handles.epoch += 1;
        handles.by_id.clear();
    }
}

/// A session with the token. Its calls block for as long as the hardware likes.
#[derive(Debug)]
pub struct Token {
    pub(super) session: Session,
    pub(super) shared: Arc<Shared>,
    /// Whether the session was left in the middle of something, and is to be replaced.
    pub(super) spoiled: Cell<bool>,
}

/// An object of the token, as a sweep sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: ObjectKind,
    /// Its CKA_ID.
    pub id: ObjectId,
}

impl Token {
    /// The MAC of `data` under the key that authenticates import tokens: HMAC-SHA-256, 32 bytes.
    ///
    /// # Errors
    /// Where the token does not do it.
    pub fn mac(&self, data: &[u8]) -> Result<[u8; 32], Error> {
        let id = self.shared.mac_key.get().ok_or_else(|| Error::Misbehaved("no MAC key".to_owned()))?;
        let mac = self.with_object(id, |key| self.session.sign(&Mechanism::Sha256Hmac, key, data))?;
        mac.try_into().map_err(|_| Error::Misbehaved("an HMAC-SHA-256 of another length than 32".to_owned()))
    }

    /// Whether the token still works: a MAC with a known key.
    ///
    /// # Errors
    /// Where it does not.
    pub fn self_test(&self) -> Result<(), Error> {
        match self.shared.mac_key.get() {
            Some(_) => self.mac(b"self-test").map(|_| ()),
            None => Ok(self.session.get_session_info().map(|_| ())?),
        }
    }

    /// Whether an object with this CKA_ID is on the token.
    ///
    /// # Errors
    /// Where the token does not say.
    pub fn contains(&self, id: &ObjectId) -> Result<bool, Error> {
        Ok(self.find(id)?.is_some())
    }

    /// Destroys the object with this CKA_ID, if there is one.
    ///
    /// # Errors
    /// Where the token does not do it, or says that it did and the object is still there; once that has happened, always.
    pub fn destroy(&self, id: &ObjectId) -> Result<(), Error> {
        self.shared.handles().by_id.remove(id);
        let found = self.find_all_surely(id)?;
        let destroyed = {
            let _changing = self.shared.changing();
            found.iter().try_for_each(|handle| self.session.destroy_object(*handle))
        };
        match destroyed {
            Ok(()) => {}
            // Another process was quicker; whether it is gone is seen below.
            Err(error) if is_stale(&error) => {}
            Err(error) => {
                self.shared.undestroyed().insert(*id);
                return Err(error.into());
            }
        }
        if !found.is_empty() && self.find_all_surely(id)?.is_empty() {
            self.shared.undestroyed().remove(id);
        } else if !found.is_empty() {
            self.shared.undestroyed().insert(*id);
        }
        if self.shared.undestroyed().contains(id) {
            return Err(Error::Misbehaved("it has not destroyed an object: is its disk full or read-only?".to_owned()));
        }
        Ok(())
    }

    /// Every object of ours on the token.
    ///
    /// # Errors
    /// Where the token does not list them.
    pub fn objects(&self) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::SECRET_KEY] {
            let epoch = self.shared.handles().epoch;
            let handles = self.session.find_objects(&[Attribute::Token(true), Attribute::Class(class)])?;
            for handle in handles {
                let Ok(attributes) = self.session.get_attributes(handle, &[AttributeType::Label, AttributeType::Id]) else {
                    continue;
                };
                if let Some(found) = ours(&attributes) {
                    self.remember(epoch, &found.id, handle);
                    all.push(found);
                }
            }
        }
        Ok(all)
    }

    /// Runs `use_it` on the object with this CKA_ID; where its handle turns out stale, finds it again and runs once more.
    pub(super) fn with_object<T>(
        &self,
        id: &ObjectId,
        use_it: impl Fn(ObjectHandle) -> Result<T, Pkcs11Error>,
    ) -> Result<T, Error> {
        match use_it(self.require(id)?) {
            Err(error) if is_stale(&error) => {
                self.shared.handles().by_id.remove(id);
                Ok(use_it(self.require(id)?)?)
            }
            outcome => Ok(outcome?),
        }
    }

    fn require(&self, id: &ObjectId) -> Result<ObjectHandle, Error> {
        if let Some(handle) = self.find(id)? {
            return Ok(handle);
        }
        self.find_all_surely(id)?.first().copied().ok_or(Error::Missing(*id))
    }

    /// As [`Token::find_all`], where none found must mean that there is none, and not that the login is lost or was meanwhile.
    fn find_all_surely(&self, id: &ObjectId) -> Result<Vec<ObjectHandle>, Error> {
        let epoch = self.shared.handles().epoch;
        let found = self.find_all(id)?;
        if found.is_empty() {
            self.require_login()?;
            if self.shared.handles().epoch != epoch {
                return Err(not_logged_in());
            }
        }
        Ok(found)
    }

    /// A lost login looks as if there were no objects: finds answer none, and no error.
    pub(super) fn require_login(&self) -> Result<(), Error> {
        match self.session.get_session_info()?.session_state() {
            SessionState::RwUser => Ok(()),
            _ => Err(not_logged_in()),
        }
    }

    fn find(&self, id: &ObjectId) -> Result<Option<ObjectHandle>, Error> {
        let epoch = {
            let handles = self.shared.handles();
            if let Some(handle) = handles.by_id.get(id) {
                return Ok(Some(*handle));
            }
            handles.epoch
        };
        let found = self.find_all(id)?.first().copied();
        if let Some(handle) = found {
            self.remember(epoch, id, handle);
        }
        Ok(found)
    }

    pub(super) fn remember(&self, epoch: u64, id: &ObjectId, handle: ObjectHandle) {
        let mut handles = self.shared.handles();
        if handles.epoch == epoch {
            handles.by_id.insert(*id, handle);
        }
    }

    fn find_all(&self, id: &ObjectId) -> Result<Vec<ObjectHandle>, Error> {
        Ok(self.session.find_objects(&[Attribute::Token(true), Attribute::Id(id.0.to_vec())])?)
    }
}

fn ours(attributes: &[Attribute]) -> Option<Found> {
    let mut kind = None;
    let mut id = None;
    for attribute in attributes {
        match attribute {
            Attribute::Label(label) => kind = std::str::from_utf8(label).ok().and_then(ObjectKind::of_label),
            Attribute::Id(bytes) => id = <[u8; 16]>::try_from(&bytes[..]).ok().map(ObjectId),
            _ => {}
        }
    }
    Some(Found { kind: kind?, id: id? })
}

fn not_logged_in() -> Error {
    Error::Gone(Pkcs11Error::Pkcs11(RvError::UserNotLoggedIn, Function::GetSessionInfo))
}

/// Whether a handle no longer stands for its object. A lost login does this to all of them, and then finds return nothing:
/// the retry tells the two apart.
pub(super) fn is_stale(error: &Pkcs11Error) -> bool {
    matches!(
        error,
        Pkcs11Error::Pkcs11(
            RvError::ObjectHandleInvalid | RvError::KeyHandleInvalid | RvError::UnwrappingKeyHandleInvalid,
            _
        )
    )
}

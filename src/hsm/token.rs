//! One session with the token, and what every use of it needs: finding, copying, destroying, reading back.
//!
//! Rules that the token's nature dictates (each was measured on SoftHSM2, where breaking it loses keys):
//! a find always says CKA_TOKEN=true; an object is made in the session and copied to the token; copies and destructions
//! hold one lock; what was copied is read back, for a full disk answers CKR_OK.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::Error;
use super::mechanism::KeyWrap;
use super::session_object::SessionObject;
use crate::model::{ObjectId, ObjectKind};

/// What all sessions with one token share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Held while an object is copied to the token or destroyed on it.
    changing: Mutex<()>,
    /// Handles by CKA_ID; emptied when a session or the login is lost, for then they all are.
    handles: Mutex<HashMap<ObjectId, ObjectHandle>>,
    /// The mechanism that proved to be RFC 5649.
    pub(super) key_wrap: OnceLock<KeyWrap>,
    /// The key that authenticates import tokens; also what a self-test uses.
    pub(super) mac_key: OnceLock<ObjectId>,
}

impl Shared {
    /// Held while an object is copied to the token, destroyed on it, or destroyed in a session.
    pub(super) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handles(&self) -> MutexGuard<'_, HashMap<ObjectId, ObjectHandle>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget_handles(&self) {
        self.handles().clear();
    }
}

/// A session with the token. Its calls block for as long as the hardware likes.
#[derive(Debug)]
pub struct Token {
    pub(super) session: Session,
    pub(super) shared: Arc<Shared>,
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
    /// Where the token does not do it, or says that it did and the object is still there.
    pub fn destroy(&self, id: &ObjectId) -> Result<(), Error> {
        let cached = self.shared.handles().remove(id);
        {
            let _changing = self.shared.changing();
            if let Some(handle) = cached
                && self.session.destroy_object(handle).is_ok()
            {
                return Ok(());
            }
            while let Some(handle) = self.find_uncached(id)? {
                self.session.destroy_object(handle)?;
            }
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
            let handles = self.session.find_objects(&[Attribute::Token(true), Attribute::Class(class)])?;
            for handle in handles {
                let Ok(attributes) = self.session.get_attributes(handle, &[AttributeType::Label, AttributeType::Id]) else {
                    continue;
                };
                if let Some(found) = ours(&attributes) {
                    self.shared.handles().insert(found.id, handle);
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
        let handle = self.find(id)?.ok_or(Error::Missing(*id))?;
        match use_it(handle) {
            Err(error) if is_stale(&error) => {
                self.shared.handles().remove(id);
                let handle = self.find(id)?.ok_or(Error::Missing(*id))?;
                Ok(use_it(handle)?)
            }
            outcome => Ok(outcome?),
        }
    }

    fn find(&self, id: &ObjectId) -> Result<Option<ObjectHandle>, Error> {
        if let Some(handle) = self.shared.handles().get(id) {
            return Ok(Some(*handle));
        }
        let found = self.find_uncached(id)?;
        if let Some(handle) = found {
            self.shared.handles().insert(*id, handle);
        }
        Ok(found)
    }

    fn find_uncached(&self, id: &ObjectId) -> Result<Option<ObjectHandle>, Error> {
        let template = [Attribute::Token(true), Attribute::Id(id.0.to_vec())];
        Ok(self.session.find_objects(&template)?.first().copied())
    }

    /// Copies a session object to the token, where `template` gives it its CKA_ID `id`, and reads it back.
    pub(super) fn keep(&self, object: &SessionObject<'_>, id: &ObjectId, template: &[Attribute]) -> Result<(), Error> {
        let handle = {
            let _changing = self.shared.changing();
            self.session.copy_object(object.handle, template)?
        };
        match self.require_hidden(handle, Some(id)) {
            Ok(()) => {
                self.shared.handles().insert(*id, handle);
                Ok(())
            }
            Err(error) => {
                self.destroy(id)?;
                Err(error)
            }
        }
    }

    /// Checks that the token will not give the object's value to anyone, whatever its template said.
    pub(super) fn require_hidden(&self, object: ObjectHandle, id: Option<&ObjectId>) -> Result<(), Error> {
        let asked = [AttributeType::Sensitive, AttributeType::Extractable, AttributeType::Id];
        let attributes = self.session.get_attributes(object, &asked)?;
        for wanted in [Attribute::Sensitive(true), Attribute::Extractable(false)] {
            if !attributes.contains(&wanted) {
                return Err(Error::Misbehaved(
                    "it does not say of an object that it is sensitive and not extractable".to_owned(),
                ));
            }
        }
        if let Some(id) = id
            && !attributes.contains(&Attribute::Id(id.0.to_vec()))
        {
            return Err(Error::Misbehaved("it does not say of an object that it has the CKA_ID it was given".to_owned()));
        }
        Ok(())
    }

    /// As [`Token::require_hidden`], but where the token ignored the template, sets the attributes and looks again.
    pub(super) fn harden(&self, object: &SessionObject<'_>) -> Result<(), Error> {
        if self.require_hidden(object.handle, None).is_ok() {
            return Ok(());
        }
        self.session.update_attributes(object.handle, &[Attribute::Sensitive(true), Attribute::Extractable(false)])?;
        self.require_hidden(object.handle, None)
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

/// Whether a handle no longer stands for its object. A lost login does this to all of them, and then finds return nothing:
/// the retry tells the two apart.
fn is_stale(error: &Pkcs11Error) -> bool {
    matches!(
        error,
        Pkcs11Error::Pkcs11(
            RvError::ObjectHandleInvalid | RvError::KeyHandleInvalid | RvError::UnwrappingKeyHandleInvalid,
            _
        )
    )
}

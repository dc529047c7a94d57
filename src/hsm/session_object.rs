//! Objects that live as long as the work they are for.
//!
//! What is dropped is destroyed when the session's work is done, all at once: destroying takes the lock that copies and
//! destructions on the token take, and nobody should wait for that, once for each object, before they have their answer.

use cryptoki::object::{Attribute, AttributeType, ObjectHandle};

use super::fault::is_stale;
use super::{Error, Token};

/// An object of the session, of no more use when dropped.
#[derive(Debug)]
pub(super) struct SessionObject<'t> {
    token: &'t Token,
    pub(super) handle: ObjectHandle,
    /// The epoch of the handles that it was made in.
    epoch: u64,
}

impl<'t> SessionObject<'t> {
    pub(super) fn new(token: &'t Token, handle: ObjectHandle) -> Self {
        Self { token, handle, epoch: token.shared.handles().epoch() }
    }
}

impl Drop for SessionObject<'_> {
    fn drop(&mut self) {
        self.token.dropped.borrow_mut().push((self.epoch, self.handle));
    }
}

impl Token {
    /// Destroys the session's objects that were dropped; whether they all are. What is not destroyed ends with its session.
    pub(super) fn clear_session(&self) -> bool {
        let dropped = self.dropped.take();
        if dropped.is_empty() {
            return true;
        }
        let mut all = true;
        let _changing = self.changing();
        for (epoch, handle) in dropped {
            let destroyed = match self.is_still_of_a_session(epoch, handle) {
                Ok(true) => self.session.destroy_object(handle).map_err(Error::from),
                other => other.map(drop),
            };
            if let Err(error) = destroyed {
                tracing::warn!(%error, "a session object could not be destroyed; it ends with its session");
                all = false;
            }
        }
        all
    }

    /// Whether a handle from this epoch still stands for an object of a session: with a lost login those are gone, and after the next
    /// their numbers may stand for what is on the token.
    fn is_still_of_a_session(&self, epoch: u64, handle: ObjectHandle) -> Result<bool, Error> {
        if epoch == self.shared.handles().epoch() {
            return Ok(true);
        }
        match self.session.get_attributes(handle, &[AttributeType::Token]) {
            Ok(attributes) => Ok(attributes.contains(&Attribute::Token(false))),
            Err(error) if is_stale(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

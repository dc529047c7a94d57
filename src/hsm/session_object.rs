//! Objects that live as long as the work they are for.
//!
//! What is dropped is destroyed when the session's work is done, all at once: destroying takes the lock that copies and
//! destructions on the token take, and nobody should wait for that, once for each object, before they have their answer.

use cryptoki::object::ObjectHandle;

use super::Token;

/// An object of the session, of no more use when dropped.
#[derive(Debug)]
pub(super) struct SessionObject<'t> {
    token: &'t Token,
    pub(super) handle: ObjectHandle,
}

impl<'t> SessionObject<'t> {
    pub(super) fn new(token: &'t Token, handle: ObjectHandle) -> Self {
        Self { token, handle }
    }
}

impl Drop for SessionObject<'_> {
    fn drop(&mut self) {
        self.token.dropped.borrow_mut().push(self.handle);
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
        for handle in dropped {
            if let Err(error) = self.session.destroy_object(handle) {
                tracing::warn!(%error, "a session object could not be destroyed; it ends with its session");
                all = false;
            }
        }
        all
    }
}

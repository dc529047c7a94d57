//! Objects that live as long as they are held.

use cryptoki::object::ObjectHandle;

use super::Token;

/// An object of the session, destroyed when dropped.
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
        let _changing = self.token.shared.changing();
        if let Err(error) = self.token.session.destroy_object(self.handle) {
            tracing::warn!(%error, "a session object could not be destroyed; it ends with its session");
        }
    }
}

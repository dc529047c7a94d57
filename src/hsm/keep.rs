//! What is done before an object may stay on the token: copied, then read back for what it is, hides and may do.

use cryptoki::object::{Attribute, AttributeType, ObjectHandle};

use super::session_object::SessionObject;
use super::{Error, Token};
use crate::model::ObjectId;

impl Token {
    /// Copies a session object to the token, where `template` gives it its CKA_ID `id`, and reads it back: `usage` is what it
    /// must say of what it may do.
    pub(super) fn keep(
        &self,
        object: &SessionObject<'_>,
        id: &ObjectId,
        template: &[Attribute],
        usage: &[Attribute],
    ) -> Result<(), Error> {
        let epoch = self.shared.handles().epoch();
        let handle = {
            let _changing = self.changing();
            self.require_awaited()?;
            self.session.copy_object(object.handle, template)?
        };
        // Whoever waited for it has been told that nothing came of it, and what it left may have been looked for already.
        if let Err(abandoned) = self.require_awaited() {
            self.destroy(id)?;
            return Err(abandoned);
        }
        let hidden = self.require_hidden(handle, Some(id));
        match hidden.and_then(|()| self.require_usage(handle, usage)) {
            Ok(()) => {
                self.remember(epoch, id, handle);
                Ok(())
            }
            Err(error) => {
                self.destroy(id)?;
                Err(error)
            }
        }
    }

    /// Checks that the object may do what it was given, and no more. What a token does not know of, it does not do.
    fn require_usage(&self, object: ObjectHandle, usage: &[Attribute]) -> Result<(), Error> {
        let asked: Vec<AttributeType> = usage.iter().map(Attribute::attribute_type).collect();
        let answered = self.session.get_attributes(object, &asked)?;
        if answered.iter().all(|attribute| usage.contains(attribute)) {
            return Ok(());
        }
        Err(Error::Misbehaved("it made an object that may do more or less than it was given".to_owned()))
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

//! The mark that ties a token to one database: a CKO_DATA object that holds the installation id.

use std::sync::atomic::Ordering;

use cryptoki::object::{Attribute, AttributeType, ObjectClass};

use super::{Error, Token};
use crate::model::{InstallationId, ObjectKind};

const APPLICATION: &[u8] = b"keyferry";

impl Token {
    /// The installation that this token belongs to; `None` where it belongs to none.
    ///
    /// # Errors
    /// Where the token does not say, or holds more than one mark.
    pub fn installation(&self) -> Result<Option<InstallationId>, Error> {
        let template = [Attribute::Token(true), Attribute::Class(ObjectClass::DATA)];
        let mut found = None;
        for handle in self.session.find_objects(&template)? {
            let attributes = self.session.get_attributes(handle, &[AttributeType::Label, AttributeType::Value])?;
            let is_mark = attributes.iter().any(|attribute| {
                matches!(attribute, Attribute::Label(label)
                    if std::str::from_utf8(label).ok().and_then(ObjectKind::of_label) == Some(ObjectKind::Installation))
            });
            let value = attributes.iter().find_map(|attribute| match attribute {
                Attribute::Value(value) => uuid::Uuid::from_slice(value).ok(),
                _ => None,
            });
            match (is_mark, value) {
                (true, Some(id)) if found.is_none_or(|found| found == InstallationId(id)) => {
                    found = Some(InstallationId(id));
                }
                (true, _) => {
                    return Err(Error::Misbehaved("it holds more than one installation's mark, or a broken one".to_owned()));
                }
                (false, _) => {}
            }
        }
        if found.is_some() {
            self.shared.marked.store(true, Ordering::Relaxed);
        }
        Ok(found)
    }

    /// Marks the token as this installation's.
    ///
    /// # Errors
    /// Where the token does not keep the mark.
    pub fn install(&self, id: &InstallationId) -> Result<(), Error> {
        self.session.create_object(&[
            Attribute::Class(ObjectClass::DATA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Modifiable(false),
            Attribute::Application(APPLICATION.to_vec()),
            Attribute::Label(format!("keyferry/{}/{id}", ObjectKind::Installation).into_bytes()),
            Attribute::Value(id.0.as_bytes().to_vec()),
        ])?;
        if self.installation()? == Some(*id) {
            Ok(())
        } else {
            Err(Error::Misbehaved("it did not keep the installation's mark: is the disk full or read-only?".to_owned()))
        }
    }
}

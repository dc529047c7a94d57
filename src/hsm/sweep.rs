//! Work on many objects at once: listing them, and destroying those that are of no more use.
//!
//! A find is linear in the token's objects, so that one for each object would be quadratic. Here it is one for all of them.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};

use super::token::is_stale;
use super::{Error, Token};
use crate::model::{ObjectId, ObjectKind};

/// Handles that the token gives in one go.
const PAGE: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// Handles that are looked for one by one, before it is quicker to list all.
const FEW: usize = 2;

/// How long others get, where they wait, before the next object is destroyed.
const TURN: Duration = Duration::from_micros(200);

/// An object of the token, as a listing sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: ObjectKind,
    /// Its CKA_ID.
    pub id: ObjectId,
}

/// What became of objects that were to be destroyed.
#[derive(Debug, Default)]
pub struct Swept {
    /// Not on the token any more, or never there.
    pub gone: Vec<ObjectId>,
    /// Still there, or perhaps.
    pub left: Vec<(ObjectId, Error)>,
    /// How long it took to see that they are gone: as long as the token is full.
    pub looking: Duration,
}

/// What a listing found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The keys that authenticate import tokens.
    pub macs: Vec<ObjectId>,
    /// Whether there is key material, or a wrapping key.
    pub in_use: bool,
}

impl Token {
    /// Lists every object of ours, and remembers their handles.
    ///
    /// # Errors
    /// Where the token does not list them.
    pub fn list(&self) -> Result<Listed, Error> {
        let mut listed = Listed::default();
        let epoch = self.shared.handles().epoch();
        self.each_object(|handle| {
            let Some(found) = self.look_at(handle) else { return };
            self.remember(epoch, &found.id, handle);
            match found.kind {
                ObjectKind::Mac => listed.macs.push(found.id),
                ObjectKind::Material | ObjectKind::WrappingKey => listed.in_use = true,
                ObjectKind::Installation => {}
            }
        })?;
        // A lost login looks as if there were no objects.
        self.require_login()?;
        self.shared.handles().listed(epoch);
        Ok(listed)
    }

    /// Every object of ours on the token.
    ///
    /// # Errors
    /// Where the token does not list them.
    pub fn objects(&self) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        self.each_object(|handle| all.extend(self.look_at(handle)))?;
        Ok(all)
    }

    /// As [`Token::list`], unless it was done since the handles were last forgotten, or is being done: then waits for it.
    pub(super) fn list_once(&self) -> Result<(), Error> {
        let _listing = self.shared.listing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.handles().is_listed() {
            return Ok(());
        }
        self.list().map(drop)
    }

    /// Destroys the object with this CKA_ID, if there is one.
    ///
    /// # Errors
    /// Where the token does not do it, or says that it did and the object is still there; once that has happened, always.
    pub fn destroy(&self, id: &ObjectId) -> Result<(), Error> {
        self.destroy_all(&[*id]).left.pop().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Destroys the objects with these CKA_IDs, where there are any.
    ///
    /// A token that says it did and still has an object is not believed, then or later.
    pub fn destroy_all(&self, ids: &[ObjectId]) -> Swept {
        let listed = self.list_for(ids);
        let (mut swept, mut destroyed) = (Swept::default(), Vec::new());
        for id in ids {
            match self.destroy_unseen(id, listed) {
                Ok(true) => destroyed.push(*id),
                Ok(false) if self.shared.undestroyed().contains(id) => swept.left.push((*id, still_there())),
                Ok(false) => swept.gone.push(*id),
                Err(error) => swept.left.push((*id, error)),
            }
            if self.shared.is_wanted() {
                std::thread::sleep(TURN);
            }
        }
        let began = Instant::now();
        let survivors = self.survivors(&destroyed);
        swept.looking = began.elapsed();
        match survivors {
            Ok(survivors) => {
                let mut undestroyed = self.shared.undestroyed();
                for id in destroyed {
                    if survivors.contains(&id) {
                        undestroyed.insert(id);
                        swept.left.push((id, still_there()));
                    } else {
                        undestroyed.remove(&id);
                        swept.gone.push(id);
                    }
                }
            }
            // Said of one, and none of them is taken for gone.
            Err(error) => swept.left.extend(destroyed.first().map(|id| (*id, error))),
        }
        let lost = swept.left.iter().any(|(_, error)| matches!(error, Error::Gone(_)));
        self.spoiled.set(self.spoiled.get() || lost);
        swept
    }

    /// Finds the handles of all these at once, where they are too many to be looked for one by one; whether it did.
    fn list_for(&self, ids: &[ObjectId]) -> bool {
        let missing = {
            let handles = self.shared.handles();
            ids.iter().filter(|id| handles.get(id).is_none()).count()
        };
        missing > FEW && self.list().is_ok()
    }

    /// Destroys an object; whether there was one. `listed` says that all handles are known.
    fn destroy_unseen(&self, id: &ObjectId, listed: bool) -> Result<bool, Error> {
        let known = self.shared.handles().remove(id);
        let found = match known {
            Some(handle) => vec![handle],
            None if listed => Vec::new(),
            None => self.find_all_surely(id)?,
        };
        if found.is_empty() {
            return Ok(false);
        }
        for handle in found {
            let destroyed = {
                let _changing = self.shared.changing();
                self.session.destroy_object(handle)
            };
            match destroyed {
                Ok(()) => {}
                // Another process was quicker, or the handle is of before a lost login.
                Err(error) if is_stale(&error) && known.is_some() => return self.destroy_unseen(id, false),
                Err(error) if is_stale(&error) => {}
                Err(error) => {
                    self.shared.undestroyed().insert(*id);
                    return Err(error.into());
                }
            }
        }
        Ok(true)
    }

    /// Those of these that the token still has.
    fn survivors(&self, destroyed: &[ObjectId]) -> Result<HashSet<ObjectId>, Error> {
        let mut survivors = HashSet::new();
        if destroyed.len() <= FEW {
            for id in destroyed {
                if !self.find_all_surely(id)?.is_empty() {
                    survivors.insert(*id);
                }
            }
            return Ok(survivors);
        }
        let known = self.shared.handles().numbers();
        let destroyed: HashSet<&ObjectId> = destroyed.iter().collect();
        self.each_object(|handle| {
            // What is known was not destroyed: looking at every object would take longer than all the rest.
            if !known.contains(&handle.handle())
                && let Some(found) = self.look_at(handle)
                && destroyed.contains(&found.id)
            {
                survivors.insert(found.id);
            }
        })?;
        self.require_login()?;
        Ok(survivors)
    }

    /// Shows every key on the token to `see`, which may ask the token about it.
    fn each_object(&self, mut see: impl FnMut(ObjectHandle)) -> Result<(), Error> {
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::SECRET_KEY] {
            let template = [Attribute::Token(true), Attribute::Class(class)];
            for handle in self.session.iter_objects_with_cache_size(&template, PAGE)? {
                see(handle?);
            }
        }
        Ok(())
    }

    /// What an object is; `None` where it is none of ours, or is gone.
    fn look_at(&self, handle: ObjectHandle) -> Option<Found> {
        let attributes = self.session.get_attributes(handle, &[AttributeType::Label, AttributeType::Id]).ok()?;
        let (mut kind, mut id) = (None, None);
        for attribute in attributes {
            match attribute {
                Attribute::Label(label) => kind = std::str::from_utf8(&label).ok().and_then(ObjectKind::of_label),
                Attribute::Id(bytes) => id = <[u8; 16]>::try_from(&bytes[..]).ok().map(ObjectId),
                _ => {}
            }
        }
        Some(Found { kind: kind?, id: id? })
    }
}

fn still_there() -> Error {
    Error::Misbehaved("it has not destroyed an object: is its disk full or read-only?".to_owned())
}

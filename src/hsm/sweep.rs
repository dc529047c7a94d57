//! Work on many objects at once: listing them, and destroying those that are of no more use.
//!
//! A find is linear in the token's objects, so that one for each object would be quadratic. Here it is one for all of them.

mod survivors;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};

use super::fault::is_stale;
use super::token::not_logged_in;
use super::{Error, Listed, Token};
use crate::model::{ObjectId, ObjectKind};

/// Handles that the token gives in one go.
const PAGE: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// Handles that are looked for one by one, before it is quicker to list all.
const FEW: usize = 2;

/// How often an object is looked at that has another handle each time, as where the login is lost again and again.
const LOOKS: usize = 3;

/// How long objects are destroyed in one go: the end of the process waits for it.
const LONGEST: Duration = Duration::from_secs(2);

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
    /// Destroyed, as the token says: [`Token::confirm`] sees whether they are gone.
    pub destroyed: Vec<ObjectId>,
    /// Still there, or perhaps.
    pub left: Vec<(ObjectId, Error)>,
    /// For how many of them, the first ones, it was tried: what takes long ends early, and is to be asked for again.
    pub tried: usize,
}

impl Token {
    /// Lists every object of ours, and remembers their handles.
    ///
    /// # Errors
    /// Where the token does not list them, or the login was lost meanwhile: then it looks as if there were none.
    pub fn list(&self) -> Result<Listed, Error> {
        let mut listed = Listed::default();
        let epoch = self.shared.handles().epoch();
        self.each_object(|handle| match self.look_at(handle) {
            Ok(Some(found)) => {
                self.remember(epoch, &found.id, handle);
                listed.note(found);
            }
            Ok(None) => {}
            Err(_) => listed.unreadable += 1,
        })?;
        self.require_itself()?;
        let mut handles = self.shared.handles();
        if handles.epoch() != epoch {
            return Err(not_logged_in());
        }
        handles.listed();
        Ok(listed)
    }

    /// Every object of ours on the token.
    ///
    /// # Errors
    /// Where the token does not list them.
    pub fn objects(&self) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        self.each_object(|handle| all.extend(self.look_at(handle).ok().flatten()))?;
        Ok(all)
    }

    /// As [`Token::list`], unless it was done since the handles were last forgotten, or is being done: then waits for it.
    pub(super) fn list_once(&self) -> Result<(), Error> {
        let _listing = self.shared.listing.take(&self.written_off);
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
        let mut swept = self.destroy_all(&[*id]);
        self.confirm(&mut swept);
        swept.left.pop().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Destroys the objects with these CKA_IDs, where there are any.
    pub fn destroy_all(&self, ids: &[ObjectId]) -> Swept {
        let began = Instant::now();
        let listed = self.list_for(ids);
        let mut swept = Swept::default();
        for id in ids {
            match self.destroy_unseen(id, listed) {
                Ok(true) => swept.destroyed.push(*id),
                Ok(false) if self.shared.undestroyed().contains(id) => swept.left.push((*id, still_there())),
                Ok(false) if self.shared.making().contains(id) => swept.left.push((*id, Error::Hanging)),
                Ok(false) => swept.gone.push(*id),
                Err(error) => swept.left.push((*id, error)),
            }
            swept.tried += 1;
            if began.elapsed() > LONGEST {
                break;
            }
            if self.shared.changing.is_wanted() {
                std::thread::sleep(TURN);
            }
        }
        self.spoil_where_lost(&swept);
        swept
    }

    /// Looks whether what the token has destroyed is gone. A token that said so and still has an object is not believed, then or
    /// later. Returns how long that took: as long as the token is full.
    pub fn confirm(&self, swept: &mut Swept) -> Duration {
        let began = Instant::now();
        let destroyed = std::mem::take(&mut swept.destroyed);
        match self.survivors(&destroyed) {
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
        self.spoil_where_lost(swept);
        began.elapsed()
    }

    fn spoil_where_lost(&self, swept: &Swept) {
        let lost = swept.left.iter().any(|(_, error)| matches!(error, Error::Gone(_)));
        self.spoiled.set(self.spoiled.get() || lost);
    }

    /// Finds the handles of all these at once, where they are too many to be looked for one by one. Returns the epoch in which
    /// every object of ours is known then.
    fn list_for(&self, ids: &[ObjectId]) -> Option<u64> {
        let epoch = {
            let handles = self.shared.handles();
            let missing = ids.iter().filter(|id| handles.get(id).is_none()).count();
            (missing > FEW).then(|| handles.epoch())?
        };
        // Where the login is lost in the middle, it is another epoch by the time that it is asked for.
        self.list().is_ok_and(|listed| listed.unreadable == 0).then_some(epoch)
    }

    /// Destroys an object; whether there was one. All handles are known in the epoch `listed`.
    fn destroy_unseen(&self, id: &ObjectId, listed: Option<u64>) -> Result<bool, Error> {
        let (known, epoch) = {
            let mut handles = self.shared.handles();
            (handles.remove(id), handles.epoch())
        };
        let mut found = match known {
            Some(handle) => vec![handle],
            None if listed == Some(epoch) => return Ok(false),
            None => self.find_all_surely(id)?,
        };
        // What was known, what is found instead, and what is found where that has another number by now, too.
        for _ in 0..LOOKS {
            if found.is_empty() {
                return Ok(false);
            }
            let mut right = true;
            for handle in &found {
                right &= self.destroy_if_it_is(*handle, id)?;
            }
            if right {
                return Ok(true);
            }
            found = self.find_all_surely(id)?;
        }
        Err(not_logged_in())
    }

    /// Destroys what this handle stands for, where it is this object; whether it was. Only while nobody else changes anything is it
    /// seen: who waited for that may have a number that stands for another object by now, where the login was lost meanwhile and
    /// had again, or another process destroyed this one.
    fn destroy_if_it_is(&self, handle: ObjectHandle, id: &ObjectId) -> Result<bool, Error> {
        let _changing = self.changing();
        if !self.is(handle, id)? {
            return Ok(false);
        }
        match self.session.destroy_object(handle) {
            Ok(()) => Ok(true),
            // Another process was quicker; whether it is gone is seen afterwards.
            Err(error) if is_stale(&error) => Ok(true),
            Err(error) => {
                self.shared.undestroyed().insert(*id);
                Err(error.into())
            }
        }
    }

    /// Whether this handle stands for this object.
    fn is(&self, handle: ObjectHandle, id: &ObjectId) -> Result<bool, Error> {
        match self.session.get_attributes(handle, &[AttributeType::Id]) {
            Ok(attributes) => Ok(attributes.contains(&Attribute::Id(id.0.to_vec()))),
            Err(error) if is_stale(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
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
    fn look_at(&self, handle: ObjectHandle) -> Result<Option<Found>, Error> {
        let attributes = match self.session.get_attributes(handle, &[AttributeType::Label, AttributeType::Id]) {
            Err(error) if is_stale(&error) => return Ok(None),
            attributes => attributes?,
        };
        let (mut kind, mut id) = (None, None);
        for attribute in attributes {
            match attribute {
                Attribute::Label(label) => kind = std::str::from_utf8(&label).ok().and_then(ObjectKind::of_label),
                Attribute::Id(bytes) => id = <[u8; 16]>::try_from(&bytes[..]).ok().map(ObjectId),
                _ => {}
            }
        }
        Ok(kind.zip(id).map(|(kind, id)| Found { kind, id }))
    }
}

fn still_there() -> Error {
    Error::Misbehaved("it has not destroyed an object: is its disk full or read-only?".to_owned())
}

//! What is still there although the token says that it has destroyed it.

use std::collections::HashSet;

use cryptoki::object::Attribute;

use super::{FEW, PAGE};
use crate::hsm::token::not_logged_in;
use crate::hsm::{Error, Token};
use crate::model::ObjectId;

impl Token {
    /// Those of these that the token still has.
    ///
    /// # Errors
    /// Where it does not say, or does not show what it must have, so that what is not found may be there.
    pub(super) fn survivors(&self, destroyed: &[ObjectId]) -> Result<HashSet<ObjectId>, Error> {
        if destroyed.len() <= FEW { self.search_for(destroyed) } else { self.look_through_all_for(destroyed) }
    }

    /// Where the login was lost and had again since the handles were in `epoch`, it looked as if there were no objects.
    fn require_epoch(&self, epoch: u64) -> Result<(), Error> {
        if self.shared.handles().epoch() == epoch { Ok(()) } else { Err(not_logged_in()) }
    }

    fn search_for(&self, destroyed: &[ObjectId]) -> Result<HashSet<ObjectId>, Error> {
        let epoch = self.shared.handles().epoch();
        let mut survivors = HashSet::new();
        for id in destroyed {
            if !self.find_all(id)?.is_empty() {
                survivors.insert(*id);
            }
        }
        // Once for all of them: it is as slow as a find.
        if survivors.len() < destroyed.len() {
            self.require_itself()?;
        }
        self.require_epoch(epoch)?;
        Ok(survivors)
    }

    fn look_through_all_for(&self, destroyed: &[ObjectId]) -> Result<HashSet<ObjectId>, Error> {
        let destroyed: HashSet<&ObjectId> = destroyed.iter().collect();
        let (known, epoch) = {
            let handles = self.shared.handles();
            (handles.numbers_but(&destroyed), handles.epoch())
        };
        let (mut survivors, mut unseen) = (HashSet::new(), None);
        // Of whatever class: one find instead of two.
        for handle in self.session.iter_objects_with_cache_size(&[Attribute::Token(true)], PAGE)? {
            let handle = handle?;
            // What is known was not destroyed: looking at every object would take longer than all the rest.
            if known.contains(&handle.handle()) {
                continue;
            }
            match self.look_at(handle) {
                Ok(Some(found)) if destroyed.contains(&found.id) => drop(survivors.insert(found.id)),
                // Another process made it. It is looked at once, and not after each batch of this one.
                Ok(Some(found)) => self.remember(epoch, &found.id, handle),
                Ok(None) => {}
                Err(error) => unseen = Some(error),
            }
        }
        self.require_itself()?;
        self.require_epoch(epoch)?;
        unseen.map_or(Ok(survivors), Err)
    }
}

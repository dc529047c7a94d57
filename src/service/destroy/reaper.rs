//! Who destroys what is doomed in a token: one at a time, for as long as there is something.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::ObjectId;

/// Who destroys, one at a time. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(in crate::service) struct Reaper {
    state: Arc<Mutex<State>>,
    /// Held while a batch is destroyed: two at the same would search for what the other has destroyed.
    pub(super) batch: Arc<tokio::sync::Mutex<()>>,
    /// Behind which handle the next look for worthless ones begins.
    page: Arc<Mutex<Option<ObjectId>>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Reaping,
    Again,
}

impl Reaper {
    fn become_of(&self, next: impl FnOnce(State) -> State) -> State {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = next(*state);
        *state
    }

    /// Whether nobody was at it; then the caller is to be, until [`Reaper::rests`].
    pub(super) fn begins(&self) -> bool {
        self.become_of(|state| if state == State::Idle { State::Reaping } else { State::Again }) == State::Reaping
    }

    /// Whether nothing was doomed meanwhile, so that whoever is at it may stop.
    pub(super) fn rests(&self) -> bool {
        self.become_of(|state| if state == State::Again { State::Reaping } else { State::Idle }) == State::Idle
    }

    pub(in crate::service) fn next_page(&self) -> Option<ObjectId> {
        *self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::service) fn page_ended(&self, last: Option<ObjectId>) {
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_at_it_and_goes_on_while_more_is_doomed() {
        let reaper = Reaper::default();
        assert!(reaper.begins());
        assert!(!reaper.begins() && !reaper.begins());
        assert!(!reaper.rests(), "more was doomed, once or often");
        assert!(reaper.rests());
        assert!(reaper.begins());
    }
}

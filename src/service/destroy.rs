//! Destroying what the record has doomed, off the caller's path.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Service;
use crate::model::{Claim, ObjectId};
use crate::store::{self, Leftover};

/// How many objects are destroyed in one go before others get a turn.
const BATCH: u32 = 100;

/// How many times as long as it took to see that objects are gone nothing more is destroyed: seeing it is linear in the token's
/// objects, and a token that holds many has better things to do all the time.
const REST: u32 = 4;

/// Whether objects are being destroyed, and whether more were doomed meanwhile. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Reaper(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Reaping,
    Again,
}

impl Reaper {
    fn become_of(&self, next: impl FnOnce(State) -> State) -> State {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = next(*state);
        *state
    }

    /// Whether nobody was at it; then the caller is to be, until [`Reaper::rests`].
    fn begins(&self) -> bool {
        self.become_of(|state| if state == State::Idle { State::Reaping } else { State::Again }) == State::Reaping
    }

    /// Whether nothing was doomed meanwhile, so that whoever is at it may stop.
    fn rests(&self) -> bool {
        self.become_of(|state| if state == State::Again { State::Reaping } else { State::Idle }) == State::Idle
    }
}

impl Service {
    /// Starts destroying what is doomed. It is on record as such, so whatever is not done now the janitor does.
    pub(super) fn destroy_soon(&self) {
        if !self.reaper.begins() {
            return;
        }
        let service = self.clone();
        tokio::spawn(async move {
            loop {
                service.destroy_doomed().await;
                if service.reaper.rests() {
                    return;
                }
            }
        });
    }

    /// Destroys everything that is on record as doomed, and leaves what cannot be destroyed yet for the next time.
    pub(super) async fn destroy_doomed(&self) {
        let mut next = self.destroy_first(BATCH).await;
        while let Some((after, looking)) = next {
            tokio::time::sleep(looking * REST).await;
            next = self.destroy_some(Some(after), BATCH).await;
        }
    }

    /// Destroys so many of the doomed. Where more are left, returns behind which, and how long it took to see that they are gone.
    pub(super) async fn destroy_first(&self, most: u32) -> Option<(ObjectId, Duration)> {
        self.destroy_some(None, most).await
    }

    async fn destroy_some(&self, after: Option<ObjectId>, most: u32) -> Option<(ObjectId, Duration)> {
        let doomed = match self.store.doomed(after, most).await {
            Ok(doomed) => doomed,
            Err(error) => {
                tracing::error!(%error, "what is to be destroyed could not be read");
                return None;
            }
        };
        let last = *doomed.last()?;
        let more = doomed.len() == most as usize;
        let looking = self.destroy(doomed).await?;
        more.then_some((last, looking))
    }

    /// Destroys these, and returns how long it took to see that they are gone; `None` where it is of no use to go on.
    async fn destroy(&self, objects: Vec<ObjectId>) -> Option<Duration> {
        crate::failpoint::reach("destroy.begun");
        let swept = match self.hsm.sweep(move |token| Ok(token.destroy_all(&objects))).await {
            Ok(swept) => swept,
            Err(error) => {
                tracing::warn!(%error, "objects could not be destroyed yet");
                return None;
            }
        };
        crate::failpoint::reach("destroy.gone");
        for (object, error) in &swept.left {
            tracing::warn!(%error, %object, "an object could not be destroyed yet");
        }
        match self.store.destroyed(&swept.gone).await {
            Ok(gone) => self.make_room(gone),
            Err(error) => tracing::warn!(%error, "destructions could not be recorded yet"),
        }
        Some(swept.looking)
    }

    /// Says that so many objects are gone, or never came.
    fn make_room(&self, objects: u64) {
        self.capacity.freed(objects);
        self.pairs.hungry.notify_one();
    }

    /// Ends a claim that came to nothing, and dooms its object where the token may have it; the attempt counts.
    pub(super) async fn give_up(&self, claim: &Claim, leftover: Leftover) {
        let released = self.store.release(claim, leftover, self.settings.max_attempts, self.clock.now()).await;
        self.ended(claim, leftover, released).await;
    }

    /// As [`Service::give_up`], where the caller was not at fault: the attempt does not count.
    pub(super) async fn refund(&self, claim: &Claim, leftover: Leftover) {
        let refunded = self.store.refund(claim, leftover, self.clock.now()).await;
        self.ended(claim, leftover, refunded).await;
    }

    async fn ended(&self, claim: &Claim, leftover: Leftover, ended: Result<(), store::Error>) {
        match (leftover, ended) {
            (Leftover::Perhaps, ended) => self.given_up(&claim.object, ended).await,
            (Leftover::Nothing, Ok(())) => {
                self.make_room(1);
                // The last attempt under a set takes its wrapping key along.
                self.destroy_soon();
            }
            (Leftover::Nothing, Err(error)) => {
                tracing::error!(%error, object = %claim.object, "a claim could not be ended yet")
            }
        }
    }

    /// Dooms what the token may hold even where the claim is gone: the janitor may have ended it, and destroyed nothing, while
    /// the token was still to act. What cannot be recorded now stays claimed, and the janitor ends it.
    pub(super) async fn given_up(&self, object: &ObjectId, ended: Result<(), store::Error>) {
        let doomed = match ended {
            Ok(()) => self.store.doom_unless_needed(object, self.clock.now()).await,
            Err(error) => Err(error),
        };
        match doomed {
            Ok(true) => self.destroy_soon(),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, %object, "a claim could not be ended yet"),
        }
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

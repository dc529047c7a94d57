//! Callers who wait for a pair: so many and no more, and fair between principals.
//!
//! Turns go round the principals, so that one who asks a hundred times waits for the others and not they for him. Where the line
//! is full, a newcomer who has fewer places than another takes that one's last.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::model::{PairKind, Principal};
use crate::service::Error;

/// The line. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Line {
    state: Arc<Mutex<State>>,
    most: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Whose turn comes first. Nobody is in it twice, or without a place.
    round: VecDeque<Waiting>,
    /// Pairs under way for those who wait.
    making: BTreeMap<PairKind, usize>,
    /// Those whose turn has come and who have not done with it yet.
    called: BTreeMap<PairKind, usize>,
    tickets: u64,
}

/// A principal's places, the longest held first.
#[derive(Debug)]
struct Waiting {
    principal: Principal,
    places: VecDeque<Place>,
}

#[derive(Debug)]
struct Place {
    ticket: u64,
    kind: PairKind,
    turn: oneshot::Sender<Turn>,
}

/// How waiting ends.
#[derive(Debug)]
pub(super) enum Turn {
    /// A pair of the kind stands ready.
    Ready,
    /// It could not be made.
    Failed(Error),
    /// Another principal, with fewer places, got the place.
    Displaced,
}

/// There is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowded;

/// A place in the line, given up when dropped. A turn that came and was not used is somebody else's then.
#[derive(Debug)]
pub(super) struct Held {
    line: Line,
    ticket: u64,
    kind: PairKind,
    turn: oneshot::Receiver<Turn>,
    called: bool,
    used: bool,
}

impl Held {
    /// Waits for the turn.
    pub(super) async fn turn(&mut self) -> Turn {
        // The line is never dropped before its places.
        let turn = (&mut self.turn).await.unwrap_or(Turn::Displaced);
        self.called = matches!(turn, Turn::Ready);
        turn
    }

    /// Says that the turn is used: what stood ready was taken, by this one or by another replica.
    pub(super) fn used(&mut self) {
        self.used = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let called = self.called || matches!(self.turn.try_recv(), Ok(Turn::Ready));
        {
            let mut state = self.line.state();
            state.leave(self.ticket);
            if !called {
                return;
            }
            if let Some(count) = state.called.get_mut(&self.kind) {
                *count = count.saturating_sub(1);
            }
        }
        if !self.used {
            self.line.call(self.kind, Turn::Ready);
        }
    }
}

impl Line {
    /// With room for `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { state: Arc::default(), most }
    }

    /// Whether anybody waits for a pair of this kind, or has been called and not taken it yet.
    pub(super) fn waits_for(&self, kind: PairKind) -> bool {
        let state = self.state();
        state.places().any(|place| place.kind == kind) || state.called(kind) > 0
    }

    /// How many have been called for a pair of this kind and not taken it yet.
    pub(super) fn called(&self, kind: PairKind) -> usize {
        self.state().called(kind)
    }

    /// The kinds that are waited for, once for each who waits.
    pub(super) fn wanted(&self) -> Vec<PairKind> {
        self.state().places().map(|place| place.kind).collect()
    }

    /// Takes a place.
    ///
    /// # Errors
    /// Where there is none, and nobody has more of them than this principal would.
    pub(super) fn join(&self, principal: &Principal, kind: PairKind) -> Result<Held, Crowded> {
        let mut state = self.state();
        if state.places().count() >= self.most {
            state.make_room(principal)?;
        }
        state.tickets += 1;
        let (turn, mine) = oneshot::channel();
        let place = Place { ticket: state.tickets, kind, turn };
        let held = Held { line: self.clone(), ticket: state.tickets, kind, turn: mine, called: false, used: false };
        match state.round.iter_mut().find(|waiting| waiting.principal == *principal) {
            Some(waiting) => waiting.places.push_back(place),
            None => state.round.push_back(Waiting { principal: principal.clone(), places: [place].into() }),
        }
        Ok(held)
    }

    /// Tells whoever is next for this kind.
    pub(super) fn call(&self, kind: PairKind, turn: Turn) {
        let mut turn = turn;
        let mut state = self.state();
        while let Some(place) = state.next(kind) {
            let ready = matches!(turn, Turn::Ready);
            match place.turn.send(turn) {
                Ok(()) => {
                    if ready {
                        *state.called.entry(kind).or_default() += 1;
                    }
                    return;
                }
                // They have just left.
                Err(unheard) => turn = unheard,
            }
        }
    }

    /// The kind that the first needs for whom none is under way, and counts it as under way, if fewer than `at_once` are:
    /// [`Line::made`] says that it ended.
    pub(super) fn next_to_make(&self, at_once: usize) -> Option<PairKind> {
        let mut state = self.state();
        if state.making.values().sum::<usize>() >= at_once {
            return None;
        }
        let mut covered = state.making.clone();
        let kind = state.in_turn().find(|kind| match covered.get_mut(kind) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })?;
        *state.making.entry(kind).or_default() += 1;
        Some(kind)
    }

    /// Says that a making has ended, however.
    pub(super) fn made(&self, kind: PairKind) {
        let mut state = self.state();
        if let Some(count) = state.making.get_mut(&kind) {
            *count = count.saturating_sub(1);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn places(&self) -> impl Iterator<Item = &Place> {
        self.round.iter().flat_map(|waiting| &waiting.places)
    }

    fn called(&self, kind: PairKind) -> usize {
        self.called.get(&kind).copied().unwrap_or_default()
    }

    /// What is waited for, in the order in which turns will come.
    fn in_turn(&self) -> impl Iterator<Item = PairKind> {
        let longest = self.round.iter().map(|waiting| waiting.places.len()).max().unwrap_or_default();
        (0..longest).flat_map(|n| self.round.iter().filter_map(move |waiting| Some(waiting.places.get(n)?.kind)))
    }

    /// The next for this kind, whose principal then goes to the end of the round.
    fn next(&mut self, kind: PairKind) -> Option<Place> {
        let wants = |waiting: &Waiting| waiting.places.iter().position(|place| place.kind == kind);
        let (whose, which) = self.round.iter().enumerate().find_map(|(n, waiting)| Some((n, wants(waiting)?)))?;
        let mut waiting = self.round.remove(whose)?;
        let place = waiting.places.remove(which);
        if !waiting.places.is_empty() {
            self.round.push_back(waiting);
        }
        place
    }

    fn leave(&mut self, ticket: u64) {
        for waiting in &mut self.round {
            waiting.places.retain(|place| place.ticket != ticket);
        }
        self.round.retain(|waiting| !waiting.places.is_empty());
    }

    /// Takes the last place of whoever has most, if that is more than `principal` will have.
    fn make_room(&mut self, principal: &Principal) -> Result<(), Crowded> {
        let held = |waiting: &Waiting| waiting.places.len();
        let mine = self.round.iter().find(|waiting| waiting.principal == *principal).map_or(0, held);
        let greediest = self.round.iter_mut().max_by_key(|waiting| held(waiting)).ok_or(Crowded)?;
        if held(greediest) <= mine + 1 {
            return Err(Crowded);
        }
        let displaced = greediest.places.pop_back().ok_or(Crowded)?;
        let _gone_already = displaced.turn.send(Turn::Displaced);
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! What is killed, when.

use super::{Doing, of_setup, served};

/// Of every kill at a step, so many that come at any moment, while it starts, or to all at once.
const ANY: usize = 16;
const START: usize = 6;
const ALL: usize = 4;

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Over {
    /// Nothing yet: its first start.
    Setup,
    /// One process over SQLite.
    One,
    /// Three over PostgreSQL and one token.
    Three,
}

/// When the kill comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// At a random moment under load.
    Any,
    /// At a random moment under load, to every replica.
    All,
    /// Three times in a row, twice of them at a random moment of the start.
    Start,
    /// At this step of this.
    Step(Doing, &'static str),
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kill {
    pub(super) moment: Moment,
}

/// So many kills, of all kinds as far as they go round.
pub(super) fn of(kills: usize, seed: u64) -> Vec<(Over, Vec<Kill>)> {
    let step = |(doing, step)| Moment::Step(doing, step);
    let usual = || served().into_iter().map(step).chain([Moment::Any; ANY]).chain([Moment::Start; START]);
    let round: Vec<(Over, Moment)> = (of_setup().into_iter().map(step).map(|moment| (Over::Setup, moment)))
        .chain(usual().map(|moment| (Over::One, moment)))
        .chain(usual().chain([Moment::All; ALL]).map(|moment| (Over::Three, moment)))
        .collect();
    let mut random = Random::new(seed);
    let mut planned: Vec<(Over, Kill)> = Vec::new();
    while planned.len() < kills {
        let mut round = round.clone();
        // Fisher and Yates.
        for last in (1..round.len()).rev() {
            round.swap(last, random.below(last + 1));
        }
        planned.extend(round.into_iter().map(|(over, moment)| (over, Kill { moment })));
    }
    planned.truncate(kills);
    let of = |over| (over, planned.iter().filter(|(of, _)| *of == over).map(|(_, kill)| *kill).collect());
    [Over::One, Over::Three, Over::Setup].map(of).into()
}

/// Numbers that follow from a seed: xorshift64*, of Vigna.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Less than `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound
    }
}

//! What is known of a log between two of its lines.

use std::collections::VecDeque;

use uuid::Uuid;

use super::super::bodies::{self, Because, Checkpoint, Opened, Resumed};
use super::super::checkpoint::{ToBeSigned, Trusted, WINDOW};
use super::super::line::{Hash, Kind, Line};
use super::{Verified, Wrong};
use crate::model::InstallationId;

pub(super) struct State {
    log: Uuid,
    installation: InstallationId,
    is_whole: bool,
    first: u64,
    last: u64,
    /// The hashes of the last lines, and how many lines up to each are no checkpoints. The oldest first; before the first line
    /// stands what that names.
    recent: VecDeque<(Hash, u64)>,
    others: u64,
    checkpoints: u64,
    /// The last line that is covered, and how many up to it are no checkpoints.
    covered: Option<(u64, u64)>,
}

impl State {
    /// Before the first line of all.
    pub(super) fn begin(line: &Line<'_>) -> Option<Self> {
        let opened = opened(line)?;
        let is_whole = opened.because == Because::New;
        let is_first = line.sequence == 1 && line.previous == Hash::NONE;
        let (log, installation) = opened.names()?;
        let last = line.sequence.checked_sub(1)?;
        (is_whole == is_first).then(|| Self {
            log,
            installation,
            is_whole,
            first: line.sequence,
            last,
            recent: VecDeque::from([(line.previous, 0)]),
            others: 0,
            checkpoints: 0,
            covered: None,
        })
    }

    /// The hash of the last line.
    pub(super) fn previous(&self) -> Hash {
        self.recent.back().map_or(Hash::NONE, |(hash, _)| *hash)
    }

    pub(super) fn expects(&self, line: &Line<'_>) -> Result<(), Wrong> {
        let expected = self.last + 1;
        if line.sequence == expected { Ok(()) } else { Err(Wrong::Gap { expected, found: line.sequence }) }
    }

    /// Whether a checkpoint names the same hash for the line before it as its place in the chain does.
    pub(super) fn confirms(&self, line: &Line<'_>) -> bool {
        bodies::parse::<Checkpoint>(line.json).is_some_and(|checkpoint| {
            checkpoint.sequence == self.last && Hash::parse(&checkpoint.hash) == Some(line.previous)
        })
    }

    /// Takes the line that goes on with the chain.
    pub(super) fn take(
        &mut self,
        line: &Line<'_>,
        hash: Hash,
        begins_file: bool,
        key: Option<&Trusted>,
    ) -> Result<(), Wrong> {
        if begins_file && opened(line).is_none_or(|opened| opened.because == Because::Start) {
            return Err(Wrong::Beginning);
        }
        match line.kind {
            Kind::Event => {}
            Kind::Resumed => drop(bodies::parse::<Resumed>(line.json).ok_or(Wrong::Malformed)?),
            Kind::Opened => {
                let opened = opened(line).ok_or(Wrong::Malformed)?;
                // Where the line before is that of an old file, it begins one; a chain begins once.
                let is_out_of_place = opened.because != Because::Start && !begins_file;
                if is_out_of_place || opened.because == Because::New && line.sequence != 1 {
                    return Err(Wrong::Malformed);
                }
                if opened.names() != Some((self.log, self.installation)) {
                    return Err(Wrong::AnotherLog);
                }
            }
            Kind::Checkpoint => self.checkpoint(line, key)?,
        }
        self.others += u64::from(line.kind != Kind::Checkpoint);
        self.checkpoints += u64::from(line.kind == Kind::Checkpoint);
        self.last = line.sequence;
        self.recent.push_back((hash, self.others));
        if self.recent.len() as u64 > WINDOW {
            self.recent.pop_front();
        }
        Ok(())
    }

    fn checkpoint(&mut self, line: &Line<'_>, key: Option<&Trusted>) -> Result<(), Wrong> {
        let checkpoint = bodies::parse::<Checkpoint>(line.json).ok_or(Wrong::Malformed)?;
        let Checkpoint { sequence, hash, time, key: key_id, signature } = checkpoint;
        let hash = Hash::parse(&hash).ok_or(Wrong::Malformed)?;
        let back = self.last.checked_sub(sequence).ok_or(Wrong::Coverage(sequence))?;
        let at = (self.recent.len() as u64).checked_sub(back + 1).and_then(|at| self.recent.get(usize::try_from(at).ok()?));
        match at {
            Some((found, _)) if *found != hash => return Err(Wrong::OtherLines(sequence)),
            // It vouches for lines that are not here any more.
            None if sequence < self.first && !self.is_whole => {}
            None => return Err(Wrong::Coverage(sequence)),
            Some(_) => {}
        }
        let covered = at.map(|(_, others)| (sequence, *others));
        if let Some(key) = key {
            if key.id != key_id {
                return Err(Wrong::OtherKey(key_id));
            }
            let signed = ToBeSigned { log: self.log, installation: self.installation, sequence, hash, time };
            if !key.vouches(&signed, &signature) {
                return Err(Wrong::Signature);
            }
        }
        self.covered = self.covered.max(covered);
        Ok(())
    }

    pub(super) fn verified(self, files: u64, unfinished: u64, is_trusted: bool) -> Verified {
        let covered = self.covered.filter(|_| is_trusted);
        Verified {
            log: self.log,
            installation: self.installation,
            first: self.first,
            last: self.last,
            is_whole: self.is_whole,
            files,
            lines: self.others + self.checkpoints,
            checkpoints: self.checkpoints,
            signed_up_to: covered.map(|(sequence, _)| sequence).filter(|sequence| *sequence >= self.first),
            unsigned: self.others - covered.map_or(0, |(_, others)| others),
            unfinished,
        }
    }
}

fn opened(line: &Line<'_>) -> Option<Opened> {
    (line.kind == Kind::Opened).then(|| bodies::parse::<Opened>(line.json))?
}

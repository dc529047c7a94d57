//! Reading a log from its files alone, by anybody: whether the chain holds, and how far the token's signatures reach.
//!
//! Memory is bounded, however long the log is. Of an altered line it is said which one it is; where only its hash is known not to
//! be the one that is named, what follows decides between the line and the name.

mod fault;
mod lines;
mod state;

use std::path::PathBuf;

use uuid::Uuid;

use super::checkpoint::Trusted;
use super::line::{Hash, Kind, Line};
use crate::model::InstallationId;
pub use fault::{Fault, Wrong};
use lines::{Lines, Read, Spot};
use state::State;

/// What was found, where nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Names the chain.
    pub log: Uuid,
    /// Whose log it is.
    pub installation: InstallationId,
    /// The sequence number of the first line.
    pub first: u64,
    /// That of the last.
    pub last: u64,
    /// Whether the chain begins here; otherwise older files are missing, as rotation removes them.
    pub is_whole: bool,
    /// How many files were read.
    pub files: u64,
    /// How many lines.
    pub lines: u64,
    /// How many of them are checkpoints.
    pub checkpoints: u64,
    /// The last line that a signature vouches for; `None` without a key, or without a checkpoint.
    pub signed_up_to: Option<u64>,
    /// How many lines come after that, checkpoints not counted: who keeps the file can have changed them.
    pub unsigned: u64,
    /// How many bytes of an unfinished line follow: one that is being written, or was when the service was cut off.
    pub unfinished: u64,
}

/// Reads the files of one log, in whatever order they are given, and checks all that can be checked. With the audit key's public
/// half, a DER SubjectPublicKeyInfo of P-256, that includes the signatures.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(files: &[PathBuf], key: Option<&[u8]>) -> Result<Verified, Fault> {
    let key = key.map(|spki| Trusted::new(spki).ok_or(Fault::Key)).transpose()?;
    let mut lines = Lines::open(files)?;
    let (mut state, mut before): (Option<State>, Option<Spot>) = (None, None);
    let mut unfinished = 0;
    while let Some(Read { bytes, spot, is_whole }) = lines.next()? {
        if !is_whole && lines.is_at_end() {
            unfinished = bytes.len() as u64;
            break;
        }
        let line = Line::parse(&bytes).filter(|_| is_whole).ok_or_else(|| spot.fault(Wrong::Malformed))?;
        let reached = match &mut state {
            None => state.insert(State::begin(&line).ok_or_else(|| spot.fault(Wrong::Beginning))?),
            Some(reached) => {
                reached.expects(&line).map_err(|wrong| spot.fault(wrong))?;
                if line.previous != reached.previous() {
                    let next = lines.next()?.map(|read| read.bytes);
                    return Err(blame(reached, &line, &bytes, next.as_deref(), before.unwrap_or(spot.clone()), spot));
                }
                reached
            }
        };
        reached.take(&line, Hash::of(&bytes), spot.line == 1, key.as_ref()).map_err(|wrong| spot.fault(wrong))?;
        before = Some(spot);
    }
    let state = state.ok_or_else(|| lines.empty())?;
    Ok(state.verified(lines.files(), unfinished, key.is_some()))
}

/// Which of two lines is wrong, where the second does not name the first's hash: what follows was written with both in view.
fn blame(state: &State, line: &Line<'_>, bytes: &[u8], next: Option<&[u8]>, before: Spot, spot: Spot) -> Fault {
    if line.kind == Kind::Checkpoint && state.confirms(line) {
        return before.fault(Wrong::Altered);
    }
    match next.and_then(Line::parse).filter(|next| next.sequence == line.sequence + 1) {
        Some(next) if next.previous == Hash::of(bytes) => before.fault(Wrong::Altered),
        Some(_) => spot.fault(Wrong::Link),
        None => before.fault(Wrong::AlteredOrLink),
    }
}

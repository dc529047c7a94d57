//! Where a file's chain goes on, read from its two ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use uuid::Uuid;

use super::bodies::{self, Opened};
use super::line::{Chain, Hash, Kind, Line, MAX_LINE};
use super::writer::BATCH;
use crate::model::InstallationId;

/// What is read of a file's end: what one write may have left unfinished, and the line before it.
const END: usize = BATCH + 2 * MAX_LINE;

/// What a file says.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) chain: Chain,
    pub(super) log: Uuid,
    pub(super) installation: InstallationId,
    /// The sequence number of the file's first line.
    pub(super) first: u64,
    /// How long it is without an unfinished last line.
    pub(super) length: u64,
    /// How long that one is.
    pub(super) unfinished: u64,
}

/// What a file is.
pub(super) enum Found {
    /// One of ours.
    Tail(Tail),
    /// One that was begun, so many bytes long, none of which is a line.
    Nothing(u64),
    /// Something else.
    Foreign,
}

pub(super) fn read(file: &File) -> io::Result<Found> {
    let length = file.metadata()?.len();
    let begin = read_at(file, 0, length.min(MAX_LINE as u64))?;
    let from = length.saturating_sub(END as u64);
    let end = read_at(file, from, length - from)?;
    let Some(first) = begin.split_inclusive(|byte| *byte == b'\n').next().and_then(|line| line.strip_suffix(b"\n")) else {
        let is_ours = length < MAX_LINE as u64 && is_begun(&begin);
        return Ok(if is_ours { Found::Nothing(length) } else { Found::Foreign });
    };
    Ok(tail(first, &end, length).map_or(Found::Foreign, Found::Tail))
}

fn tail(first: &[u8], end: &[u8], length: u64) -> Option<Tail> {
    let first = Line::parse(first).filter(|line| line.kind == Kind::Opened)?;
    let (log, installation) = bodies::parse::<Opened>(first.json)?.names()?;
    let whole = end.iter().rposition(|byte| *byte == b'\n')?;
    let begin = end[..whole].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let last = &end[begin..whole];
    let sequence = Line::parse(last)?.sequence;
    let unfinished = (end.len() - whole - 1) as u64;
    let chain = Chain { next: sequence.checked_add(1)?, previous: Hash::of(last) };
    Some(Tail { chain, log, installation, first: first.sequence, length: length - unfinished, unfinished })
}

/// Whether these bytes may be the beginning of a line: its first letters, or the zeros that a crash may leave in their place.
fn is_begun(bytes: &[u8]) -> bool {
    let begin = br#"{"sequence":"#;
    let common = bytes.len().min(begin.len());
    bytes[..common] == begin[..common] || bytes.iter().all(|byte| *byte == 0)
}

fn read_at(file: &File, from: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(END).min(END)];
    file.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}

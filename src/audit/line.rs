//! A line, as bytes: its place in the chain, and what it holds.
//!
//! `{"sequence":N,"previous":"<SHA-256 of the line before, hex>","<kind>":{…}}`. There is one way to write a line, and a reader
//! takes no other: what two readers could understand in two ways is not a record.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The longest line, in bytes, its end included.
pub(super) const MAX_LINE: usize = 16 * 1024;
/// The longest JSON object in it: room is left for the place.
pub(super) const MAX_BODY: usize = MAX_LINE - 256;

/// SHA-256 of a whole line, without its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hash(pub(super) [u8; 32]);

impl Hash {
    /// What stands before the first line of a chain.
    pub(super) const NONE: Self = Self([0; 32]);

    pub(super) fn of(line: &[u8]) -> Self {
        Self(Sha256::digest(line).into())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        base16ct::lower::decode(text, &mut bytes).ok()?.len().eq(&32).then_some(Self(bytes))
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

/// What a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The token's signature over the lines before.
    Checkpoint,
    /// A decision and what came of it.
    Event,
    /// A start, or the first line of a file.
    Opened,
    /// The log could not be written, and can again.
    Resumed,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Checkpoint, Self::Event, Self::Opened, Self::Resumed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::Event => "event",
            Self::Opened => "opened",
            Self::Resumed => "resumed",
        }
    }
}

/// What a line is to hold: one JSON object, of at most [`MAX_BODY`] bytes.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) kind: Kind,
    pub(super) json: String,
}

/// Where a chain goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// The sequence number of the line to come.
    pub(super) next: u64,
    /// The hash of the line before it.
    pub(super) previous: Hash,
}

impl Chain {
    pub(super) const START: Self = Self { next: 1, previous: Hash::NONE };

    /// Writes the next line, with its end, behind `lines`.
    pub(super) fn append(&mut self, body: &Body, lines: &mut Vec<u8>) {
        let begin = lines.len();
        let line = format!("{}\"{}\":{}}}", place(self.next, self.previous), body.kind.as_str(), body.json);
        lines.extend_from_slice(line.as_bytes());
        *self = Self { next: self.next + 1, previous: Hash::of(&lines[begin..]) };
        lines.push(b'\n');
    }
}

/// A line that was read.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) sequence: u64,
    pub(super) previous: Hash,
    pub(super) kind: Kind,
    pub(super) json: &'a str,
}

impl<'a> Line<'a> {
    /// The line that these bytes, without their end, are; `None` where they are not exactly what [`Chain::append`] writes.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (digits, rest) = text.strip_prefix("{\"sequence\":")?.split_once(",\"previous\":\"")?;
        let (hex, rest) = rest.split_once("\",\"")?;
        let (kind, rest) = rest.split_once("\":")?;
        let json = rest.strip_suffix('}')?;
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        let line = Self { sequence: digits.parse().ok()?, previous: Hash::parse(hex)?, kind, json };
        let is_exact = text.starts_with(&place(line.sequence, line.previous));
        (is_exact && is_canonical(json)).then_some(line)
    }
}

fn place(sequence: u64, previous: Hash) -> String {
    format!("{{\"sequence\":{sequence},\"previous\":\"{previous}\",")
}

/// Whether it is one JSON object, without spaces, repeated names, or numbers and letters written in a second way.
fn is_canonical(json: &str) -> bool {
    let again = serde_json::from_str::<Map<String, Value>>(json).map(|object| Value::Object(object).to_string());
    again.is_ok_and(|again| again == json)
}

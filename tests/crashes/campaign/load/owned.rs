//! A key and what must be true of it.

use keyferry::proto as pb;

/// A key of a caller's.
pub(in super::super) struct Owned {
    pub(in super::super) id: String,
    pub(in super::super) holds: Holds,
    pub(in super::super) expected: Expected,
}

/// What shows that its material is there.
#[derive(Clone)]
pub(in super::super) enum Holds {
    /// An HMAC key's material, which came from here.
    Hmac(Vec<u8>),
    /// What was encrypted under material that the token made.
    Ciphertext(Vec<u8>),
}

/// What must be true.
#[derive(Clone)]
pub(in super::super) enum Expected {
    /// It works.
    Works,
    /// It works or waits for its material again: its end was asked for, or its time is over.
    MayWork,
    /// It waits for material.
    Empty,
    /// It is gone, or is to go.
    Doomed,
    /// What was asked was cut off: asked for again, it happens or has happened.
    Unsure(Box<pb::ImportKeyMaterialRequest>),
}

//! The audit log: one line for every decision, each bound to the one before.
//!
//! Lines go to a file, one JSON object each, and name the hash of the line before them; now and then the token signs where the chain
//! stands. Who alters, removes, adds or reorders lines that were signed for is found out by [`verify()`]; who cuts off the end shows
//! in what the last signature covers. Before anything is done that a line is to tell, [`Log::begin`] takes a place for it: what
//! cannot be recorded is not done.

mod bodies;
mod checkpoint;
mod event;
mod files;
mod forward;
mod ledger;
mod line;
mod log;
mod opening;
mod shorten;
mod tail;
mod turnover;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use checkpoint::ToBeSigned;
pub use event::{Event, Identity, Outcome};
pub use log::{Forward, Log, Place, Settings, Unwritable};
pub use opening::OpenError;
pub use verify::{Fault, Verified, Wrong, verify};

//! The audit log: one line for every decision, each bound to the one before.

mod event;

pub use event::{Event, Identity, Outcome};

//! Between the wire's types and the service's, noun by noun.

pub(super) mod import;
pub(super) mod key;
pub(super) mod names;
pub(super) mod operator;
mod pending;
pub(super) mod time;

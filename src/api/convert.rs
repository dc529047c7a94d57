//! Between the wire's types and the service's, noun by noun.

mod alias;
mod cryptography;
pub(super) mod import;
pub(super) mod key;
pub(super) mod names;
pub(super) mod operator;
mod pending;
mod policy;
mod region;
mod rotation;
mod signatures;
mod tags;
pub(super) mod time;

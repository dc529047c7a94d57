//! The record: what is known of keys, wrapping keys and claims, durably.

mod error;

pub use error::Error;

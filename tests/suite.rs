//! The integration tests, one binary.

// A test that cannot go on has failed; and nobody outside uses what the modules share.
#![allow(clippy::expect_used, clippy::unwrap_used, unreachable_pub)]

mod harness;
mod store;

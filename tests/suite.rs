//! Every integration test, in one binary: each further one would link the world again.
// Nothing of a test binary is reachable, and a test may stop where it stands.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod harness;
mod imports;
mod layering;
mod matrix;
mod refusals;
mod startup;

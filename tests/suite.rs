//! Every integration test, in one binary: each further one would link the world again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod harness;
mod imports;
mod layering;
mod matrix;
mod refusals;

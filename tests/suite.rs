//! All integration tests, as one binary: each further one would link the world again.

mod clock;
mod harness;
mod token;
mod wrap;

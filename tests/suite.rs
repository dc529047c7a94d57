//! All integration tests, as one binary: each further one would link the world again.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod client;
mod clock;
mod config;
mod harness;
mod openssl;
mod store;
mod token;
mod wrap;
mod wycheproof;

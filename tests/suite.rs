//! All integration tests, one binary: each further one would link the world again.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod client;
mod openssl;
mod wrap;
mod wycheproof;

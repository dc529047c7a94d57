//! All integration tests, as one binary: each further one would link the world again.
// Nothing of a test binary is reachable, and a test may stop where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod access_keys;
mod aws;
mod client;
mod clock;
mod config;
// Steps are there to be killed at only where the feature makes them.
#[cfg(feature = "failpoints")]
mod crashes;
mod cryptography;
mod deploy;
mod dev;
mod examples;
mod faults;
mod gate;
// What only the crash tests use is unused without them.
#[cfg_attr(not(feature = "failpoints"), allow(dead_code))]
mod harness;
mod imports;
mod json;
mod layering;
mod lengths;
mod life;
mod matrix;
mod monitoring;
mod openssl;
mod page;
mod policy;
mod pool;
mod receipts;
mod refusals;
mod regions;
mod replicas;
mod several;
mod sm2pke;
mod soak;
mod startup;
mod store;
mod surface;
mod tls;
mod token;
mod tokens;
#[cfg(feature = "otlp")]
mod traces;
mod typed;
mod wrap;
mod wycheproof;

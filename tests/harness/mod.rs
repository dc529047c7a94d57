//! What the integration tests stand on: a fresh token, certificates, the real daemon, a client, and independent cryptography.

pub mod agent;
pub mod audit;
pub mod certificates;
pub mod client;
pub mod daemon;
pub mod der;
pub mod installation;
pub mod material;
pub mod openssl;
pub mod record;
pub mod refusal;
pub mod rustcrypto;
mod selftest;
pub mod softhsm;
pub mod token;

pub use client::Client;
pub use daemon::Daemon;
pub use installation::{Installation, Settings};
pub use material::Plaintext;
pub use refusal::Refusal;

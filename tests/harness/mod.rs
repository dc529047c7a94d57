//! What the integration tests stand on: real tokens, real databases, the real binaries, and independent cryptography.

pub mod any_token;
pub mod audit;
pub mod certificates;
pub mod client;
pub mod daemon;
pub mod der;
pub mod faults;
pub mod front;
pub mod inprocess;
pub mod installation;
pub mod json;
pub mod kryoptic;
pub mod material;
pub mod mount;
pub mod openssl;
pub mod postgres;
pub mod postgres_proxy;
pub mod postgres_server;
pub mod proxy;
pub mod record;
pub mod refusal;
pub mod rustcrypto;
mod selftest;
pub mod service;
pub mod softhsm;
pub mod token;
pub mod witness;

pub use client::Client;
pub use daemon::Daemon;
pub use faults::Faults;
pub use installation::{FEW_PAIRS, Installation, Settings};
pub use json::{AccessKey, JsonClient};
pub use material::Plaintext;
pub use refusal::Refusal;

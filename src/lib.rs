//! keyferry ferries key material into an HSM: it hands out wrapping keys made in a PKCS#11 token, and unwraps inside it.
//!
//! Layers, from the outside in (`tests/layering.rs` holds the code to them):
//! bin → server → { api, json } → front → service → { policy, store, hsm, import_token, sigv4, statement, ciphertext, public_key,
//! audit } → model; `config`, `clock`, `failpoint` and `wrap` are leaves.
//! `client` is the other side of the wire, and knows nothing of the service but its protocol.

pub mod api;
pub mod audit;
pub mod ciphertext;
pub mod client;
pub mod clock;
pub mod config;
pub mod failpoint;
pub mod front;
pub mod hsm;
pub mod import_token;
pub mod json;
pub mod model;
pub mod policy;
pub mod proto;
pub mod public_key;
pub mod server;
pub mod service;
pub mod sigv4;
pub mod statement;
pub mod store;
pub mod wrap;

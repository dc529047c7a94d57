//! The client as a library: one connection, a method for every operation, and the whole walk of an import.
//!
//! [`Endpoint`] says where the service is and who asks, [`Client`] calls it. What it answers comes in the model's types.
//! Nothing here writes to a terminal or reads a file: that is for the programs that stand on it.

mod aliases;
mod codec;
mod connection;
mod encryption;
mod endpoint;
mod error;
mod imports;
mod key;
mod keys;
mod operator;
mod pages;
mod parameters;
mod regions;
mod rotations;
mod signatures;
mod tags;
mod tls;
mod trust;
pub mod walk;
mod wire;

pub use aliases::Alias;
pub use connection::Client;
pub use encryption::{DataKey, Decrypted, Encryption, ReEncrypted};
pub use endpoint::Endpoint;
pub use error::{Error, Local, Misconfigured, Refusal, Setting, Unreachable, Untrusted, Unusable};
pub use imports::{Deleted, Import, Imported};
pub use key::{Key, Proof};
pub use keys::{Deletion, Listed, NewKey, Page, PublicKey, Replica};
pub use operator::{PartHealth, Path, ServerInfo, TokenProfile};
pub use parameters::{Parameters, Wrapped};
pub use rotations::Turn;
pub use trust::Trust;
pub use walk::Walk;

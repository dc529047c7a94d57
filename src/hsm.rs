//! The token: where keys live and the only place where they are ever plain.

mod error;
mod profile;

pub use error::Error;
pub use profile::{Profile, Route};

//! The token: where keys live and the only place where they are ever plain.
//!
//! PKCS#11 stays behind this module. A [`Token`] is one session and blocks for as long as the hardware likes; [`Hsm`] is what
//! the rest of the house awaits. What a token really does is found out by doing ([`Profile`]): mechanism lists lie.

mod agreement;
mod below;
mod care;
mod cipher;
mod decryption;
mod error;
mod fault;
mod generate;
mod handles;
mod installation;
mod isolation;
mod keep;
mod lane;
mod library;
mod listed;
mod login;
mod mac;
mod mechanism;
mod module;
pub mod oaep;
mod opening;
mod presence;
mod probe;
mod profile;
mod prove;
mod queues;
mod random;
mod session_object;
mod signatures;
mod signing;
mod sm2pke;
mod sweep;
mod templates;
mod token;
mod turn;
mod unseen;
mod unwrap;
mod usage;
mod vitals;
mod watch;
mod worker;
mod wrapping;

pub use care::{MOST_HANGING, pause_after};
pub use cipher::{IV_BYTES, Sealed, TAG_BYTES};
pub use decryption::Unpadding;
pub use error::Error;
pub use isolation::{Attempt, Hiding, Isolation, Unfit, Unwrapped};
pub use listed::Listed;
pub use module::{OpenError, SOFTHSM2_PLACES, TokenName, initialise_token};
pub use opening::Opening;
pub use profile::{Profile, Route};
pub use prove::Proved;
pub use queues::{Hsm, MAKERS, Settings};
pub use sweep::{Found, Swept};
pub use token::Token;
pub use unwrap::Import;
pub use vitals::{Condition, Queue, Trouble, Vitals};
pub use wrapping::Made;

//! What every front does alike: who calls, until when, how many at once, and one line in the log.
//!
//! A front has its protocol's words for it: it turns what comes over the wire into a call here, and what comes of it into an
//! answer.

mod calls;
mod peer;
mod record;
mod refusal;
mod tally;

pub use calls::{Arrival, Calls};
pub use peer::Peer;
pub use record::Ended;
pub use refusal::Refusal;
pub use tally::Tally;

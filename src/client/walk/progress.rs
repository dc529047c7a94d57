//! What a walk tells while it goes.

use std::time::Duration;

use super::{Choice, Plan};
use crate::client::error::Error;
use crate::client::key::Key;

crate::named! {
    /// A step of the walk.
    pub enum Step {
        /// Ask what the token can do.
        Profile = "ask what the token can do",
        /// Look at a key that is there.
        Describe = "describe the key",
        /// Make a key.
        Create = "create the key",
        /// Make a replica of the key in another Region.
        Replicate = "replicate the key",
        /// Wait until the replica can be seen in its Region.
        Await = "wait for the replica",
        /// Get a wrapping key and an import token.
        Parameters = "get parameters for import",
        /// Wrap the material.
        Wrap = "wrap the key material",
        /// Import it.
        Import = "import the key material",
        /// Look at the key that has it.
        Confirm = "look at what came in",
    }
}

/// What a walk tells while it goes.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A step begins.
    Begins(Step),
    /// A step did what it should.
    Ends(Step),
    /// What will be done is settled; nothing is changed yet.
    Planned(&'a Plan),
    /// A key was made. From here on it is there, whatever becomes of the walk.
    Made(&'a Key),
    /// The service does not serve this choice, and the next one is tried.
    Refused(&'a Choice, &'a Error),
    /// A step failed of something that may pass, and is tried again after this pause.
    Waits(Step, &'a Error, Duration),
}

//! How the token is: what an operator, a load balancer and monitoring want to know of it.

use std::collections::BTreeMap;

crate::named! {
    /// Why nothing can be asked of the token just now.
    pub enum Trouble {
        /// The token is not in its slot, or its slot is gone.
        Absent = "token-absent",
        /// It opens no session, or loses each one.
        NoSession = "no-session",
        /// It refused the PIN, and is not asked again.
        PinRefused = "pin-refused",
        /// Calls do not come back from it.
        Hanging = "token-hangs",
        /// It answers, but what it is known to do it does not do.
        Failing = "token-fails",
        /// In its place there is another one.
        Replaced = "token-replaced",
        /// So many calls hang in it that only another process can help.
        GivenUp = "given-up",
    }
}

/// Whether the token serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Well,
    /// It does not.
    Ill(Trouble),
}

/// One queue before the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// What it is for: `calls`, `making`, `filling`, `sweeping`.
    pub name: &'static str,
    /// Calls that wait in it.
    pub waiting: usize,
    /// As many as may.
    pub capacity: usize,
    /// Sessions that are open and serve it.
    pub sessions: usize,
}

/// How the token is, and what has been done for it since the process began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// Whether it serves.
    pub condition: Condition,
    /// The queues before it.
    pub queues: Vec<Queue>,
    /// Sessions that were opened because another was lost.
    pub reopened: u64,
    /// Logins after the first.
    pub relogins: u64,
    /// How often the module was initialised after the first time.
    pub reinitialised: u64,
    /// How often all handles were forgotten.
    pub epoch: u64,
    /// Calls that have not come back, and whose threads are written off.
    pub hanging: usize,
    /// With so many, another process is asked for.
    pub most_hanging: usize,
    /// What the token said other than CKR_OK, by the return value's name, such as `CKR_DEVICE_ERROR`, and how often.
    pub faults: BTreeMap<String, u64>,
}

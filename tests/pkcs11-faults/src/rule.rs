//! Rules: at which calls of which function what goes wrong.

use std::fmt;
use std::time::Duration;

use cryptoki_sys::CK_RV;

use crate::forward::Function;

/// A rule, and what has become of it.
pub(crate) struct Rule {
    /// As it was given.
    pub(crate) text: String,
    /// Every function where absent.
    pub(crate) function: Option<Function>,
    pub(crate) occurrence: Occurrence,
    pub(crate) action: Action,
    /// How many calls of its function there have been since it was given.
    seen: u64,
    /// How often it fired.
    pub(crate) fired: u64,
}

/// Which calls, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occurrence {
    /// This one.
    Only(u64),
    /// This one and all after it.
    From(u64),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// This answer; the real function is not called.
    Return(CK_RV),
    /// The real function is called, and this is answered.
    After(CK_RV),
    /// It comes so much later.
    Delay(Duration),
    /// It waits for the rules to be cleared, then begins.
    Hang,
    /// It is done, then waits for the rules to be cleared.
    HangAfter,
    /// The process is killed before the call.
    Crash,
    /// The process is killed after the call.
    CrashAfter,
    /// The login is ended first.
    Logout,
    /// The session of the call is closed first.
    Close,
    /// CKR_OK is answered, and nothing is done.
    Lie,
}

impl Rule {
    pub(crate) fn new(text: String, function: Option<Function>, occurrence: Occurrence, action: Action) -> Self {
        Self { text, function, occurrence, action, seen: 0, fired: 0 }
    }

    /// Counts a call of `function`, and says whether the rule is for just this one.
    pub(crate) fn matches(&mut self, function: Function) -> bool {
        if self.function.is_some_and(|of| of != function) {
            return false;
        }
        self.seen += 1;
        match self.occurrence {
            Occurrence::Only(at) => self.seen == at,
            Occurrence::From(at) => self.seen >= at,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.fired, self.text)
    }
}

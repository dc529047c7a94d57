//! What has been ordered and what has happened.
//!
//! The lock is held for as long as it takes to look something up, never while a call is with the real module.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cryptoki_sys::{CK_SESSION_HANDLE, CK_SLOT_ID};

use crate::forward::Function;
use crate::rule::{Action, Rule};

/// How long a token that is taken away waits for calls that are with it.
const LAST_CALL: Duration = Duration::from_secs(30);

/// How long somebody waits for calls to hang.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct State {
    now: Mutex<Now>,
    changed: Condvar,
}

struct Now {
    rules: Vec<Rule>,
    calls: [u64; Function::ALL.len()],
    /// How often the rules have been cleared.
    cleared: u64,
    hanging: usize,
    /// Calls that are with the real module.
    under_way: usize,
    /// The most sessions at once.
    limit: Option<usize>,
    /// Sessions that are being opened.
    opening: usize,
    sessions: BTreeMap<CK_SESSION_HANDLE, CK_SLOT_ID>,
    absent: bool,
    /// Whether the token is being taken away or the module initialised anew just now: no call is let through meanwhile.
    taking: bool,
}

/// What a rule orders for one call, and when that was.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    pub(crate) action: Action,
    cleared: u64,
}

/// Why a call does not reach the real module though no rule says so.
pub(crate) enum Barred {
    /// There are as many sessions as there may be.
    Full,
    /// The token has been taken away.
    Absent,
}

impl State {
    pub(crate) const fn new() -> Self {
        let now = Now {
            rules: Vec::new(),
            calls: [0; Function::ALL.len()],
            cleared: 0,
            hanging: 0,
            under_way: 0,
            limit: None,
            opening: 0,
            sessions: BTreeMap::new(),
            absent: false,
            taking: false,
        };
        Self { now: Mutex::new(now), changed: Condvar::new() }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and says what is ordered for it: the first rule that is for it counts.
    pub(crate) fn called(&self, function: Function) -> Option<Order> {
        let mut now = self.now();
        now.calls[function as usize] += 1;
        let cleared = now.cleared;
        let mut order = None;
        for rule in &mut now.rules {
            // Each rule counts on, whichever of them fires.
            if rule.matches(function) && order.is_none() {
                rule.fired += 1;
                order = Some(Order { action: rule.action, cleared });
            }
        }
        order
    }

    /// Blocks until the rules are cleared, counted from when this was ordered.
    pub(crate) fn hang(&self, order: Order) {
        let mut now = self.now();
        now.hanging += 1;
        self.changed.notify_all();
        now = self.changed.wait_while(now, |now| now.cleared == order.cleared).unwrap_or_else(PoisonError::into_inner);
        now.hanging -= 1;
    }

    /// Lets a call through to the real module, where nothing bars it; [`State::done`] must follow.
    pub(crate) fn enter(&self, names_a_token: bool, opens: bool) -> Result<(), Barred> {
        let mut now = self.now();
        if now.absent && names_a_token {
            return Err(Barred::Absent);
        }
        now = self.changed.wait_while(now, |now| now.taking).unwrap_or_else(PoisonError::into_inner);
        if opens {
            if now.limit.is_some_and(|limit| now.sessions.len() + now.opening >= limit) {
                return Err(Barred::Full);
            }
            now.opening += 1;
        }
        now.under_way += 1;
        Ok(())
    }

    /// Says that a call is back from the real module.
    pub(crate) fn done(&self, opens: bool, opened: Option<(CK_SESSION_HANDLE, CK_SLOT_ID)>) {
        let mut now = self.now();
        now.under_way -= 1;
        now.opening -= usize::from(opens);
        now.sessions.extend(opened);
        self.changed.notify_all();
    }

    pub(crate) fn closed(&self, session: CK_SESSION_HANDLE) {
        self.now().sessions.remove(&session);
    }

    pub(crate) fn closed_all(&self, of: Option<CK_SLOT_ID>) {
        self.now().sessions.retain(|_, slot| of.is_some_and(|of| of != *slot));
    }

    pub(crate) fn slots_in_use(&self) -> Vec<CK_SLOT_ID> {
        let mut slots: Vec<CK_SLOT_ID> = self.now().sessions.values().copied().collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.now().absent
    }

    pub(crate) fn add(&self, rule: Rule) {
        self.now().rules.push(rule);
    }

    pub(crate) fn clear(&self) {
        let mut now = self.now();
        now.rules.clear();
        now.cleared += 1;
        self.changed.notify_all();
    }

    pub(crate) fn limit_sessions(&self, limit: Option<usize>) {
        self.now().limit = limit;
    }

    /// Turns all calls away, and waits for those that are with the token; [`State::taken`] must follow.
    pub(crate) fn take_away(&self) {
        self.now().absent = true;
        // What is still there then is taken from under it.
        let _over = self.hold();
    }

    /// Lets no more calls through, and waits for those that are with the real module; [`State::taken`] must follow.
    ///
    /// # Errors
    /// Where they do not come back, for a long time.
    pub(crate) fn hold(&self) -> Result<(), String> {
        let mut now = self.now();
        now.taking = true;
        let waited = self.changed.wait_timeout_while(now, LAST_CALL, |now| now.under_way > 0);
        let (now, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if now.under_way > 0 { Err(format!("{} calls do not come back from the module", now.under_way)) } else { Ok(()) }
    }

    /// Says that it is done, whatever was: calls are let through again.
    pub(crate) fn taken(&self) {
        self.now().taking = false;
        self.changed.notify_all();
    }

    pub(crate) fn put_back(&self) {
        self.now().absent = false;
    }

    pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
        let calls = self.now().calls;
        let counted = Function::ALL.iter().map(|function| (function.name(), calls[*function as usize]));
        counted.filter(|(_, calls)| *calls > 0).collect()
    }

    pub(crate) fn reset_counts(&self) {
        self.now().calls.fill(0);
    }

    pub(crate) fn fired(&self) -> Vec<String> {
        self.now().rules.iter().map(Rule::to_string).collect()
    }

    pub(crate) fn hanging(&self) -> usize {
        self.now().hanging
    }

    /// Blocks until so many calls hang.
    ///
    /// # Errors
    /// Where they do not, for a long time.
    pub(crate) fn wait_until_hanging(&self, count: usize) -> Result<(), String> {
        let waited = self.changed.wait_timeout_while(self.now(), PATIENCE, |now| now.hanging < count);
        let (now, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if now.hanging < count { Err(format!("{} calls hang, and not {count}", now.hanging)) } else { Ok(()) }
    }

    pub(crate) fn open(&self) -> usize {
        self.now().sessions.len()
    }
}

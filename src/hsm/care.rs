//! What is done for a token that fails, and what is known of how it is.
//!
//! From the mildest to the strongest: another session; another login; the token's slot looked for anew; the module initialised anew;
//! and where calls hang in it, for which nothing of that helps, another process. While the token is ill one worker tries, at a
//! pace, and everybody else is told at once: a sick token costs callers no time.

mod doubts;
mod hanging;
mod treatment;

use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::library::Library;
use super::module::Module;
use super::token::Shared;
use super::{Condition, OpenError, Token, TokenName, Trouble};
use doubts::Doubts;
pub use hanging::MOST_HANGING;
pub use treatment::pause_after;
pub(super) use treatment::trouble_of;
use treatment::{needs_another_slot, needs_renewal};

/// After so many times that a call which hangs has kept the module from being initialised anew, another process is asked for.
const MOST_HELD_UP: u32 = 5;

/// After so many pairs in a row that could not be made, the module is suspected.
const MOST_UNMADE: u32 = 3;

/// How long calls under way may take to end before it is given up to initialise the module anew for now.
const LAST_CALLS: Duration = Duration::from_secs(10);

/// The care for one token.
#[derive(Debug)]
pub(super) struct Care {
    library: Arc<Library>,
    name: TokenName,
    /// Of the token that this process began with. No other takes its place.
    serial: OnceLock<String>,
    /// Where it is, in which life of the module.
    found: Mutex<Option<(u64, Module)>>,
    pub(super) shared: Arc<Shared>,
    condition: watch::Sender<Condition>,
    illness: Mutex<Illness>,
    changed: Condvar,
    /// Raised when a session has been lost in a way that others may have lost theirs too.
    suspicion: AtomicU64,
    doubts: Mutex<Doubts>,
    pub(super) reopened: AtomicU64,
    pub(super) renewed: AtomicU64,
    /// How often in a row a call that hangs kept the module from being initialised anew.
    held_up: AtomicU32,
    /// Below none for a moment, where one comes back before it is written off.
    hanging: AtomicIsize,
}

#[derive(Debug, Default)]
struct Illness {
    /// The worker whose turn it is to try.
    healer: Option<u64>,
    tries: u32,
}

impl Care {
    pub(super) fn new(library: Arc<Library>, name: TokenName, shared: Arc<Shared>) -> Self {
        Self {
            library,
            name,
            serial: OnceLock::new(),
            found: Mutex::new(None),
            shared,
            condition: watch::Sender::new(Condition::Well),
            illness: Mutex::default(),
            changed: Condvar::new(),
            suspicion: AtomicU64::new(0),
            doubts: Mutex::default(),
            reopened: AtomicU64::new(0),
            renewed: AtomicU64::new(0),
            held_up: AtomicU32::new(0),
            hanging: AtomicIsize::new(0),
        }
    }

    /// Opens a session, logs in where nobody is, and has the token do what it is known to do. `written_off` is the mark of the thread
    /// that it is for.
    ///
    /// # Errors
    /// Where one of it fails.
    pub(super) fn open(&self, written_off: &Arc<AtomicBool>) -> Result<Token, OpenError> {
        let lease = self.library.lease()?;
        let module = self.module(&lease)?;
        let session = module.context.open_rw_session(module.slot).map_err(|error| self.noted(error))?;
        self.shared.login.ensure(&session, &self.shared)?;
        let token = Token::new(session, lease, Arc::clone(&self.shared), Arc::clone(written_off));
        token.self_test().map_err(OpenError::SelfTest)?;
        Ok(token)
    }

    /// The module and the slot that the token is in: looked for once in each life of the module.
    pub(super) fn module(&self, lease: &super::library::Lease) -> Result<Module, OpenError> {
        let found = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((life, module)) = &*found()
            && *life == lease.life()
        {
            return Ok(module.clone());
        }
        // Not held meanwhile: it may hang.
        let (module, serial) = Module::find(lease.context(), self.library.path(), &self.name)?;
        let expected = self.serial.get_or_init(|| serial.clone());
        if *expected != serial {
            return Err(OpenError::Replaced { expected: expected.clone(), found: serial });
        }
        *found() = Some((lease.life(), module.clone()));
        Ok(module)
    }

    /// A session for the worker `worker`, which has none and says by [`Care::recovered`] that it serves; `None` where the token is ill and it is
    /// another's turn to try, as it always is for one that serves no callers.
    pub(super) fn attempt(
        &self,
        worker: u64,
        serves_callers: bool,
        written_off: &Arc<AtomicBool>,
    ) -> Option<Result<Token, OpenError>> {
        {
            let mut illness = self.illness();
            if illness.healer.is_some_and(|healer| healer != worker) {
                return None;
            }
            if self.condition() != Condition::Well {
                if !serves_callers {
                    return None;
                }
                illness.healer = Some(worker);
            }
        }
        let opened = self.open(written_off);
        // Nobody takes what comes too late.
        if opened.is_ok() && !written_off.load(Ordering::SeqCst) {
            self.reopened.fetch_add(1, Ordering::Relaxed);
        }
        Some(opened)
    }

    /// Does what may help after a failed attempt, which was the `tries`th of a worker; returns how long to wait before the next.
    /// `is_the_last`: it is to serve callers, and no other has a session for that. Who is for other work never has the turn: it would wait for
    /// the callers' sessions, and they for it. What it does takes less than `limit`.
    pub(super) fn treat(
        &self,
        (worker, written_off): (u64, &AtomicBool),
        error: &OpenError,
        tries: u32,
        is_the_last: bool,
        limit: Duration,
    ) -> Duration {
        if !is_the_last {
            return pause_after(tries);
        }
        let tries = {
            let mut illness = self.illness();
            // It is another's turn by now.
            if written_off.load(Ordering::SeqCst) {
                return pause_after(tries);
            }
            illness.healer = Some(worker);
            illness.tries += 1;
            illness.tries
        };
        self.fell_ill(trouble_of(error));
        if needs_another_slot(error) {
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        if needs_renewal(error, tries) {
            self.renew((limit / 2).min(LAST_CALLS));
        }
        pause_after(tries)
    }

    fn renew(&self, patience: Duration) {
        // What was not seen to be destroyed, or could not be made, shows itself anew.
        let forget = || {
            self.shared.forget_handles();
            self.shared.undestroyed().clear();
            self.shared.unseen.look_afresh();
            self.shared.unmade.store(0, Ordering::Relaxed);
        };
        match self.library.renew(self.library.number(), patience, forget) {
            Ok(true) => {
                self.renewed.fetch_add(1, Ordering::Relaxed);
                self.held_up.store(0, Ordering::Relaxed);
                tracing::info!("the PKCS#11 module was initialised anew");
            }
            // Another does it, or a call takes long.
            Ok(false) if self.hanging() == 0 => {}
            Ok(false) => {
                tracing::warn!("the PKCS#11 module is not initialised anew while a call hangs in it");
                if self.held_up.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_HELD_UP {
                    self.fell_ill(Trouble::GivenUp);
                }
            }
            Err(error) => tracing::warn!(%error, "the PKCS#11 module could not be initialised anew"),
        }
    }

    /// Where the token has not said whether it destroyed an object, lacks one that must be there, or makes no pairs and does all else,
    /// initialises the module anew, at once and then ever more seldom: some tokens hide until then what they have not destroyed, or what
    /// another process has made. Blocks.
    pub(super) fn settle_doubts(&self) {
        {
            let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner);
            let makes_pairs = self.shared.unmade.load(Ordering::Relaxed) < MOST_UNMADE;
            let undestroyed = self.shared.undestroyed().clone();
            if undestroyed.is_empty() && makes_pairs && !self.shared.unseen.may_be_seen() {
                *doubts = Doubts::default();
                return;
            }
            // While a call hangs it cannot be.
            if self.condition() != Condition::Well || self.hanging() > 0 || !doubts.are_due(&undestroyed, Instant::now()) {
                return;
            }
        }
        self.renew(LAST_CALLS);
    }

    /// Whether the token serves.
    pub(super) fn condition(&self) -> Condition {
        *self.condition.borrow()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    /// Says that the token does not serve. That another process is needed stays said.
    pub(super) fn fell_ill(&self, trouble: Trouble) {
        let ill = Condition::Ill(trouble);
        let fell = self.condition.send_if_modified(|condition| {
            let changes = *condition != ill && *condition != Condition::Ill(Trouble::GivenUp);
            if changes {
                *condition = ill;
            }
            changes
        });
        if fell {
            tracing::error!(%trouble, "the token does not serve");
        }
    }

    /// Says that the token serves.
    pub(super) fn recovered(&self) {
        {
            let mut illness = self.illness();
            *illness = Illness::default();
        }
        let recovered = self.condition.send_if_modified(|condition| {
            let changes = !matches!(condition, Condition::Well | Condition::Ill(Trouble::GivenUp));
            if changes {
                *condition = Condition::Well;
            }
            changes
        });
        if recovered {
            tracing::info!("the token serves again");
        }
        self.changed.notify_all();
    }

    /// Waits for a change, at most so long.
    pub(super) fn wait(&self, at_most: Duration) {
        let illness = self.illness();
        drop(self.changed.wait_timeout(illness, at_most).unwrap_or_else(PoisonError::into_inner));
    }

    fn noted(&self, error: cryptoki::error::Error) -> OpenError {
        self.shared.faults.note(&error);
        OpenError::Pkcs11(error)
    }

    fn illness(&self) -> MutexGuard<'_, Illness> {
        self.illness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

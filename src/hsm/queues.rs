//! The token, to those who await it: queues before the threads that talk to it.
//!
//! The queues are bounded; a full one is [`Error::Busy`], at once, and so is a token that does not serve [`Error::Gone`]. Making keys
//! takes seconds and has sessions of its own, so that it never stands in an import's way; making them ahead of demand has others
//! again, whose threads give way to all else; and so has sweeping, whose searches take as long as the token is full.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;
use tracing::Instrument;

use super::care::{Care, MOST_HANGING};
use super::lane::{Job, Lane, enqueue, give_no_way, give_way, no_session};
use super::library::Library;
use super::token::Shared;
use super::worker::Crew;
use super::{Condition, Error, OpenError, Profile, Queue, Token, TokenName, Trouble, Vitals, probe};
use crate::model::{HostAssisted, ObjectId};

/// How many sessions make keys that a caller waits for.
pub const MAKERS: usize = 2;

/// How long the end waits for calls to the token under way.
const LAST_CALL: Duration = Duration::from_secs(10);

/// How many times as long as others calls may take that make keys, or search and destroy, and how long at the most: with the time
/// that a call may wait before it is begun, less than a claim may be under way, or another replica would end it.
const LONG: (u32, Duration) = (10, Duration::from_secs(240));

/// How long keys may take that nobody waits for. Where the machine is never idle, their threads hardly run, and hang in nothing.
const LONGEST_FILL: Duration = Duration::from_secs(3600);

/// What it takes to open a token.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The PKCS#11 module.
    pub module: PathBuf,
    /// Which of its tokens.
    pub token: TokenName,
    /// The user PIN.
    pub pin: SecretString,
    /// Sessions that serve calls.
    pub sessions: usize,
    /// Sessions that make keys ahead of demand; with none, [`Hsm::fill`] is always busy.
    pub fillers: usize,
    /// Calls that may wait.
    pub queue: usize,
    /// How long a call may take before it is taken for one that hangs; where callers wait for keys to be made, and where it is
    /// searched and destroyed, ten times as long, but no longer than 240 s. At most 240 s.
    pub longest_call: Duration,
    /// The most that the host may see.
    pub host_assisted: HostAssisted,
    /// Whether SM2 is offered.
    pub sm2: bool,
}

/// The token, to those who await it. When the last clone goes, the sessions are closed.
#[derive(Clone, Debug)]
pub struct Hsm {
    // Before `ended`: the threads end when the queues do.
    calls: Desk,
    making: Desk,
    filling: Desk,
    sweeping: Desk,
    profile: Arc<Profile>,
    ended: Arc<Ended>,
}

/// A queue, as those see it who put work into it.
#[derive(Clone)]
struct Desk {
    jobs: flume::Sender<Job>,
    lane: Lane,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.lane.name)
    }
}

/// Waits, when dropped, until every thread has closed its session: a process that exits while one still talks to the
/// module crashes in the module's destructors.
struct Ended {
    crew: Arc<Crew>,
    all: flume::Receiver<()>,
}

impl std::fmt::Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ended").field("care", &self.crew.care).finish_non_exhaustive()
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.crew.disband();
        if let Err(flume::RecvTimeoutError::Timeout) = self.all.recv_timeout(LAST_CALL) {
            tracing::warn!("a call to the token does not end; its session is left open");
        }
    }
}

impl Hsm {
    /// Loads the module, logs in once, finds out what the token can do and starts the threads. Blocks for seconds.
    ///
    /// # Errors
    /// Where the token cannot be opened; the message says what to do.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let Settings { module, token, pin, sessions, fillers, queue, longest_call, host_assisted, sm2 } = settings;
        let library = Library::of(&module)?;
        let care = Care::new(library, token, Arc::new(Shared::new(pin, longest_call)));
        let first = care.open(&Arc::default())?;
        let module = care.module(&first.lease)?;
        let profile = Arc::new(probe::profile(&module, &first, probe::Bounds { host_assisted, sm2 })?);
        first.clear_session();

        let (alive, all) = flume::bounded(0);
        let long = (longest_call * LONG.0).min(LONG.1);
        let (calls, called) = Lane::new("token", queue, longest_call, give_no_way);
        let (making, made) = Lane::new("token-making", queue, long, give_no_way);
        // Twice as many as sessions: one waits while another is made, so that no session waits for the record between two.
        let (filling, filled) = Lane::new("token-filling", 2 * fillers, LONGEST_FILL, give_way);
        let (sweeping, swept) = Lane::new("token-sweeping", queue, long, give_no_way);
        let crew = Arc::new(Crew::new(care, called.clone(), longest_call, alive));
        // Dropped after the queues, and so waits for the threads, wherever this breaks off.
        let ended = Ended { crew, all };
        let (calls, making, filling, sweeping) = (calls, making, filling, sweeping);
        let crew = &ended.crew;
        crew.start_watch()?;
        crew.start(called.clone(), Some(first))?;
        for (lane, sessions) in [(&called, sessions.saturating_sub(1)), (&made, MAKERS), (&filled, fillers), (&swept, 1)] {
            for _ in 0..sessions {
                crew.start(lane.clone(), Some(crew.care.open(&Arc::default())?))?;
            }
        }
        let [calls, making, filling, sweeping] =
            [(calls, called), (making, made), (filling, filled), (sweeping, swept)].map(|(jobs, lane)| Desk { jobs, lane });
        Ok(Self { calls, making, filling, sweeping, profile, ended: Arc::new(ended) })
    }

    /// What the token was found able to do.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether the token serves, and each change of it.
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.care().subscribe()
    }

    /// How the token is, and what has been done for it.
    pub fn vitals(&self) -> Vitals {
        let care = self.care();
        let desks =
            [("calls", &self.calls), ("making", &self.making), ("filling", &self.filling), ("sweeping", &self.sweeping)];
        let queue = |(name, desk): (&'static str, &Desk)| Queue {
            name,
            waiting: desk.jobs.len(),
            capacity: desk.jobs.capacity().unwrap_or_default(),
            sessions: desk.lane.well.load(Ordering::SeqCst),
        };
        Vitals {
            condition: care.condition(),
            queues: desks.into_iter().map(queue).collect(),
            reopened: care.reopened.load(Ordering::Relaxed),
            relogins: care.shared.login.times().saturating_sub(1),
            reinitialised: care.renewed.load(Ordering::Relaxed),
            epoch: care.shared.epoch(),
            hanging: care.hanging(),
            most_hanging: MOST_HANGING,
            faults: care.shared.faults.all(),
        }
    }

    fn care(&self) -> &Care {
        &self.ended.crew.care
    }

    fn shared(&self) -> &Shared {
        &self.care().shared
    }

    async fn ask<T: Send + 'static>(
        &self,
        desk: &Desk,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        // Nobody waits for a token of which it is known that it does not serve.
        if self.care().condition() != Condition::Well {
            return Err(no_session());
        }
        let mut condition = self.care().subscribe();
        let answer = enqueue(&desk.jobs, work).instrument(tracing::debug_span!("token", queue = desk.lane.name));
        tokio::select! {
            biased;
            answer = answer => answer,
            // Nobody may be left to say it.
            Ok(_) = condition.wait_for(|condition| *condition == Condition::Ill(Trouble::GivenUp)) => Err(Error::Hanging),
        }
    }

    /// Has a session do `work`.
    ///
    /// # Errors
    /// [`Error::Busy`] where the queue is full; [`Error::Gone`] where the token does not serve just now; [`Error::Hanging`] where it does
    /// not answer; else what `work` answers.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.ask(&self.calls, work).await
    }

    /// As [`Hsm::call`], for work that takes seconds: making keys.
    ///
    /// # Errors
    /// As [`Hsm::call`].
    pub async fn make<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.ask(&self.making, work).await
    }

    /// As [`Hsm::make`], for keys that nobody waits for.
    ///
    /// # Errors
    /// As [`Hsm::call`].
    pub async fn fill<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.ask(&self.filling, work).await
    }

    /// As [`Hsm::call`], for work that takes as long as the token is full: searching and destroying.
    ///
    /// # Errors
    /// As [`Hsm::call`].
    pub async fn sweep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.ask(&self.sweeping, work).await
    }

    /// Where the token has not said whether it destroyed an object, or lacks one that must be there, has it looked at afresh, but not often: sessions are opened anew for
    /// that, and calls wait meanwhile.
    pub async fn settle_doubts(&self) {
        let ended = Arc::clone(&self.ended);
        let settled = tokio::task::spawn_blocking(move || ended.crew.care.settle_doubts());
        // It panics in no way that would not have ended the process elsewhere.
        let _settled = settled.await;
    }

    /// Up to `limit` of the objects whose handles are known, in the order of their CKA_IDs, from behind `after`. After a
    /// listing, that is every object of ours.
    pub fn known_objects(&self, after: Option<ObjectId>, limit: usize) -> Vec<ObjectId> {
        self.shared().handles().known(after, limit)
    }

    /// Those of `objects` whose handles are not known.
    pub fn unknown_of(&self, objects: &[ObjectId]) -> Vec<ObjectId> {
        let handles = self.shared().handles();
        objects.iter().filter(|id| handles.get(id).is_none()).copied().collect()
    }

    /// Takes note of an object that must be there and is not found. Whether it may be there all the same, and be seen once
    /// [`Hsm::settle_doubts`] has looked afresh: SoftHSM 2.6.1 does not see all that another process makes.
    pub fn misses(&self, object: ObjectId) -> bool {
        self.shared().unseen.note(object)
    }

    /// Forgets the handles of objects that are not there any more.
    pub fn forget(&self, objects: &[ObjectId]) {
        let mut handles = self.shared().handles();
        for id in objects {
            handles.remove(id);
        }
    }

    /// Says which object authenticates import tokens. Takes effect once.
    pub fn use_mac_key(&self, id: ObjectId) {
        let _already = self.shared().mac_key.set(id);
    }
}

//! The threads that talk to the token, and the queues before them.
//!
//! A PKCS#11 call blocks, and a session serves one thread at a time: so each session lives on a thread of its own, and
//! callers queue. The queues are bounded; a full one is [`Error::Busy`], at once. Making keys takes seconds and has
//! sessions of its own, so that it never stands in an import's way; making them ahead of demand has others again, whose
//! threads give way to all else; and so has sweeping, whose searches take as long as the token is full.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cryptoki::session::SessionState;
use secrecy::SecretString;
use tokio::sync::watch;

use super::lane::{Job, Lane, enqueue, give_no_way, give_way};
use super::module::{Module, OpenError};
use super::token::Shared;
use super::{Condition, Error, Profile, Queue, Token, TokenName, Vitals, probe};
use crate::model::{HostAssisted, ObjectId};

/// How many sessions make keys that a caller waits for.
pub const MAKERS: usize = 2;

/// How long a worker waits before it tries to open a lost session again.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);

/// How long the end waits for calls to the token under way.
const LAST_CALL: Duration = Duration::from_secs(10);

/// What it takes to open a token.
#[derive(Debug)]
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
    /// The most that the host may see.
    pub host_assisted: HostAssisted,
}

/// The token, to those who await it. When the last clone goes, the sessions are closed.
#[derive(Clone, Debug)]
pub struct Hsm {
    // Before `ended`: the threads end when the queues do.
    calls: flume::Sender<Job>,
    making: flume::Sender<Job>,
    filling: flume::Sender<Job>,
    sweeping: flume::Sender<Job>,
    shared: Arc<Shared>,
    profile: Arc<Profile>,
    condition: watch::Sender<Condition>,
    _ended: Arc<Ended>,
}

/// Waits, when dropped, until every thread has closed its session: a process that exits while one still talks to the
/// module crashes in the module's destructors.
#[derive(Debug)]
struct Ended(flume::Receiver<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Err(flume::RecvTimeoutError::Timeout) = self.0.recv_timeout(LAST_CALL) {
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
        let Settings { module, token, pin, sessions, fillers, queue, host_assisted } = settings;
        let module = Module::open(&module, &token)?;
        let shared = Arc::new(Shared::default());
        let first = module.context.open_rw_session(module.slot)?;
        module.login(&first, &pin)?;
        let first = Token::new(first, Arc::clone(&shared));
        let profile = Arc::new(probe::profile(&module, &first, host_assisted)?);
        first.clear_session();

        let (alive, ended) = flume::bounded(0);
        // Dropped after the queues, and so waits for the threads, wherever this breaks off.
        let ended = Ended(ended);
        let worker =
            Arc::new(Worker { module, pin, shared: Arc::clone(&shared), refused: Mutex::new(false), _alive: alive });
        let (calls, called) = Lane::new(queue);
        let (making, made) = Lane::new(queue);
        // Twice as many as sessions: one waits while another is made, so that no session waits for the record between two.
        let (filling, filled) = Lane::new(2 * fillers);
        let (sweeping, swept) = Lane::new(queue);
        worker.start("token", first, called.clone(), give_no_way)?;
        for _ in 1..sessions {
            worker.start("token", worker.session()?, called.clone(), give_no_way)?;
        }
        for _ in 0..MAKERS {
            worker.start("token-making", worker.session()?, made.clone(), give_no_way)?;
        }
        for _ in 0..fillers {
            worker.start("token-filling", worker.session()?, filled.clone(), give_way)?;
        }
        worker.start("token-sweeping", worker.session()?, swept, give_no_way)?;
        let condition = watch::Sender::new(Condition::Well);
        Ok(Self { calls, making, filling, sweeping, shared, profile, condition, _ended: Arc::new(ended) })
    }

    /// What the token was found able to do.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether the token serves, and each change of it.
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    /// How the token is, and what has been done for it.
    pub fn vitals(&self) -> Vitals {
        let queues =
            [("calls", &self.calls), ("making", &self.making), ("filling", &self.filling), ("sweeping", &self.sweeping)];
        let queue = |(name, jobs): (&'static str, &flume::Sender<Job>)| Queue {
            name,
            waiting: jobs.len(),
            capacity: jobs.capacity().unwrap_or_default(),
            sessions: jobs.receiver_count(),
        };
        Vitals {
            condition: *self.condition.borrow(),
            queues: queues.into_iter().map(queue).collect(),
            reopened: 0,
            relogins: 0,
            reinitialised: 0,
            epoch: self.shared.handles().epoch(),
            hanging: 0,
            most_hanging: 0,
            faults: std::collections::BTreeMap::new(),
        }
    }

    /// Has a session do `work`.
    ///
    /// # Errors
    /// [`Error::Busy`] where the queue is full; else what `work` answers.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        enqueue(&self.calls, work).await
    }

    /// As [`Hsm::call`], for work that takes seconds: making keys.
    ///
    /// # Errors
    /// As [`Hsm::call`].
    pub async fn make<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        enqueue(&self.making, work).await
    }

    /// As [`Hsm::make`], for keys that nobody waits for.
    ///
    /// # Errors
    /// As [`Hsm::call`].
    pub async fn fill<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        enqueue(&self.filling, work).await
    }

    /// As [`Hsm::call`], for work that takes as long as the token is full: searching and destroying.
    ///
    /// # Errors
    /// As [`Hsm::call`].
    pub async fn sweep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        enqueue(&self.sweeping, work).await
    }

    /// Up to `limit` of the objects whose handles are known, in the order of their CKA_IDs, from behind `after`. After a
    /// listing, that is every object of ours.
    pub fn known_objects(&self, after: Option<ObjectId>, limit: usize) -> Vec<ObjectId> {
        self.shared.handles().known(after, limit)
    }

    /// Those of `objects` whose handles are not known.
    pub fn unknown_of(&self, objects: &[ObjectId]) -> Vec<ObjectId> {
        let handles = self.shared.handles();
        objects.iter().filter(|id| handles.get(id).is_none()).copied().collect()
    }

    /// Forgets the handles of objects that are not there any more.
    pub fn forget(&self, objects: &[ObjectId]) {
        let mut handles = self.shared.handles();
        for id in objects {
            handles.remove(id);
        }
    }

    /// Says which object authenticates import tokens. Takes effect once.
    pub fn use_mac_key(&self, id: ObjectId) {
        let _already = self.shared.mac_key.set(id);
    }
}

struct Worker {
    module: Module,
    pin: SecretString,
    shared: Arc<Shared>,
    /// Why nobody logs in any more. One at a time, and none after a refusal: each wrong PIN brings the token's lock nearer.
    refused: Mutex<bool>,
    /// Dropped with the last thread.
    _alive: flume::Sender<()>,
}

impl Worker {
    fn session(&self) -> Result<Token, OpenError> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if *refused {
            return Err(OpenError::WrongPin);
        }
        let session = self.module.context.open_rw_session(self.module.slot)?;
        if session.get_session_info()?.session_state() != SessionState::RwUser {
            // Held over the login: whoever found nothing before it must see another epoch after it.
            let mut handles = self.shared.handles();
            handles.forget();
            let login = self.module.login(&session, &self.pin);
            handles.forget();
            drop(handles);
            *refused = matches!(login, Err(OpenError::WrongPin | OpenError::PinLocked));
            login?;
        }
        Ok(Token::new(session, Arc::clone(&self.shared)))
    }

    fn start(self: &Arc<Self>, name: &str, token: Token, lane: Lane, begin: fn()) -> Result<(), OpenError> {
        let worker = Arc::clone(self);
        let work = move || {
            begin();
            worker.work(token, &lane);
            drop(worker);
        };
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        spawned.map(|_| ()).map_err(|error| OpenError::Thread(error.to_string()))
    }

    fn work(&self, mut token: Token, lane: &Lane) {
        lane.well.fetch_add(1, Ordering::SeqCst);
        while let Ok(job) = lane.jobs.recv() {
            let session_is_good = std::panic::catch_unwind(AssertUnwindSafe(|| job(Some(&token)))).unwrap_or(false);
            if session_is_good {
                // Whoever asked has their answer.
                token.clear_session();
                continue;
            }
            tracing::warn!("a session with the token is lost; opening another");
            lane.well.fetch_sub(1, Ordering::SeqCst);
            match self.reopen(lane) {
                Some(fresh) => token = fresh,
                None => break,
            }
            lane.well.fetch_add(1, Ordering::SeqCst);
        }
        // The PIN is refused, or nobody asks any more. Who is left without any worker is told so.
        while lane.well.load(Ordering::SeqCst) == 0
            && let Ok(job) = lane.jobs.recv()
        {
            job(None);
        }
    }

    /// A new session, as soon as the token gives one; `None` where the PIN is refused, for another try could lock it, or where
    /// nobody asks any more.
    fn reopen(&self, lane: &Lane) -> Option<Token> {
        self.shared.forget_handles();
        while !lane.jobs.is_disconnected() {
            match self.session() {
                Ok(token) => return Some(token),
                Err(error) if error.is_of_the_pin() => {
                    tracing::error!(%error, "a session with the token stays closed");
                    return None;
                }
                Err(error) => {
                    tracing::warn!(%error, "no session with the token yet");
                    lane.turn_away();
                    std::thread::sleep(REOPEN_PAUSE);
                }
            }
        }
        None
    }
}

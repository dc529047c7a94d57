//! The threads that talk to the token.
//!
//! A PKCS#11 call blocks, and a session serves one thread at a time: so each session lives on a thread of its own, and
//! callers queue. Each call is under a watch: one that hangs is written off with its thread, and another takes the place.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::care::Care;
use super::lane::{Job, Lane};
use super::watch::Watch;
use super::{OpenError, Token};

/// How long a session may lie idle before it is tested: so it is known how the token is, whether anybody asks or not.
const IDLE: Duration = Duration::from_secs(5);

/// How long those who wait for a session wait at a time, before they look whether anybody still asks.
const LOOK: Duration = Duration::from_millis(100);

/// What all threads share.
pub(super) struct Crew {
    pub(super) care: Care,
    pub(super) watch: Watch,
    /// Workers with a session serve callers; of which lane it is asked whether anybody does.
    calls: Lane,
    next: AtomicU64,
    /// Dropped with the last thread.
    alive: Mutex<Option<flume::Sender<()>>>,
}

/// A place in a crew: one thread, and after it hangs another.
struct Place {
    lane: Lane,
    worker: u64,
    written_off: Arc<AtomicBool>,
    /// Whether it counts among those of its lane who have a session.
    counts: Arc<AtomicBool>,
}

/// Why a session is not served by any more.
enum End {
    /// Nobody asks any more.
    Over,
    /// It is lost, or called back; perhaps before this was done.
    Lost(Option<Job>),
    /// Its thread is written off.
    WrittenOff,
}

enum Next {
    Job(Job),
    Recalled,
    Idle,
    Over,
}

impl Crew {
    pub(super) fn new(care: Care, calls: Lane, alive: flume::Sender<()>) -> Self {
        let (next, alive) = (AtomicU64::new(0), Mutex::new(Some(alive)));
        Self { care, watch: Watch::default(), calls, next, alive }
    }

    /// Ends with its threads: from here on the end of the last of them can be waited for.
    pub(super) fn disband(&self) {
        self.watch.leave();
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn alive(&self) -> Option<flume::Sender<()>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts the thread that looks after the others.
    pub(super) fn start_watch(self: &Arc<Self>) -> Result<(), OpenError> {
        let crew = Arc::clone(self);
        start_thread("token-watch", move || crew.watch.keep())
    }

    /// Starts a thread for a lane; with no session, it begins by opening one.
    pub(super) fn start(self: &Arc<Self>, lane: Lane, token: Option<Token>) -> Result<(), OpenError> {
        let crew = Arc::clone(self);
        let worker = self.next.fetch_add(1, Ordering::Relaxed);
        let written_off = token.as_ref().map(|token| Arc::clone(&token.written_off)).unwrap_or_default();
        let place = Place { lane, worker, written_off, counts: Arc::default() };
        let alive = self.alive();
        start_thread(place.lane.name, move || {
            (place.lane.begin)();
            crew.work(&place, token);
            drop(crew);
            drop(alive);
        })
    }

    fn work(self: &Arc<Self>, place: &Place, mut held: Option<Token>) {
        let mut left = None;
        loop {
            let token = match held.take() {
                Some(token) => token,
                None => match self.recover(place, &mut left) {
                    Ok(token) => token,
                    Err(End::WrittenOff) => return,
                    Err(End::Over | End::Lost(_)) => break,
                },
            };
            place.come();
            let end = self.serve(place, &token, left.take());
            if !matches!(end, End::WrittenOff) {
                place.go();
            }
            match end {
                End::Over => return,
                End::WrittenOff => return,
                End::Lost(job) => left = job,
            }
            // Closing a session is a call too.
            if self.watched(place, None, move || drop(token)).is_none() {
                return;
            }
        }
        // The PIN is refused. Who is left without any worker is told so.
        place.lane.serve_nobody();
    }

    /// Serves by a session until it is lost.
    fn serve(self: &Arc<Self>, place: &Place, token: &Token, mut first: Option<Job>) -> End {
        let mut trusted = self.care.suspicion();
        loop {
            let next = match first.take() {
                Some(job) => Next::Job(job),
                None => place.next(token),
            };
            let (job, is_tested) = match next {
                Next::Over => return End::Over,
                Next::Recalled => return End::Lost(None),
                Next::Idle => (None, false),
                Next::Job(job) => (Some(job), trusted == self.care.suspicion()),
            };
            if !is_tested {
                trusted = self.care.suspicion();
                let abandon = job.as_ref().map(Job::abandon);
                match self.watched(place, abandon, || token.self_test()) {
                    None => return End::WrittenOff,
                    Some(Some(Ok(()))) => {}
                    Some(Some(Err(error))) => {
                        tracing::warn!(%error, "a session with the token does not work any more; opening another");
                        self.care.suspect();
                        return End::Lost(job);
                    }
                    Some(None) => return End::Lost(job),
                }
            }
            let Some(job) = job else { continue };
            let abandon = job.abandon();
            // Whoever asked has their answer before the session is cleared.
            let done = self.watched(place, Some(abandon), move || job.run(token) && token.clear_session());
            match done {
                None => return End::WrittenOff,
                Some(Some(true)) => {}
                Some(Some(false) | None) => {
                    tracing::warn!("a session with the token is lost; opening another");
                    self.care.suspect();
                    return End::Lost(None);
                }
            }
        }
    }

    /// Opens a session, as soon as the token gives one; no more where the PIN is refused, for another try could lock it, or where
    /// nobody asks any more.
    fn recover(self: &Arc<Self>, place: &Place, left: &mut Option<Job>) -> Result<Token, End> {
        self.care.shared.forget_handles();
        let mut tries = 0;
        while !place.lane.jobs.is_disconnected() {
            let attempt = self.watched(place, left.as_ref().map(Job::abandon), || {
                let attempt = self.care.attempt(place.worker, &place.written_off);
                let nobody_serves = self.calls.well.load(Ordering::SeqCst) == 0;
                match attempt {
                    None => (None, LOOK),
                    Some(Err(OpenError::Initialising)) => (Some(Err(OpenError::Initialising)), LOOK),
                    Some(Err(error)) => {
                        tries += 1;
                        let pause = self.care.treat(place.worker, &error, tries, nobody_serves, place.lane.limit);
                        (Some(Err(error)), pause)
                    }
                    Some(Ok(token)) => (Some(Ok(token)), LOOK),
                }
            });
            let (attempt, pause) = match attempt {
                None => return Err(End::WrittenOff),
                Some(None) => (None, LOOK),
                Some(Some(attempt)) => attempt,
            };
            match attempt {
                Some(Ok(token)) => return Ok(token),
                Some(Err(error)) if error.is_of_the_pin() => {
                    tracing::error!(%error, "a session with the token stays closed");
                    left.take().into_iter().for_each(Job::turn_away);
                    return Err(End::Lost(None));
                }
                Some(Err(OpenError::Initialising)) => self.care.wait(LOOK),
                attempt => {
                    if let Some(Err(error)) = attempt {
                        tracing::warn!(error = &error as &dyn std::error::Error, "no session with the token yet");
                    }
                    left.take().into_iter().for_each(Job::turn_away);
                    self.pause(place, pause);
                }
            }
        }
        Err(End::Over)
    }

    /// Waits, and meanwhile turns those away who ask.
    fn pause(&self, place: &Place, pause: Duration) {
        let until = std::time::Instant::now() + pause;
        loop {
            place.lane.turn_away();
            let left = until.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() || place.lane.jobs.is_disconnected() {
                return;
            }
            self.care.wait(left.min(LOOK));
        }
    }

    /// Makes a call under the watch. `None` where it came back too late, and the thread is to end; `Some(None)` where it panicked.
    fn watched<T>(
        self: &Arc<Self>,
        place: &Place,
        abandon: Option<Arc<dyn Fn() + Send + Sync>>,
        call: impl FnOnce() -> T,
    ) -> Option<Option<T>> {
        let (crew, lane, worker) = (Arc::downgrade(self), place.lane.clone(), place.worker);
        let (written_off, counts) = (Arc::clone(&place.written_off), Arc::clone(&place.counts));
        let id = self.watch.begin(place.lane.limit, move || {
            // Before anybody is told: from here on the thread leaves nothing on the token.
            written_off.store(true, Ordering::SeqCst);
            lane.go(&counts);
            if let Some(abandon) = abandon {
                abandon();
            }
            if let Some(crew) = crew.upgrade() {
                crew.replace(&lane, worker);
            }
        });
        let done = std::panic::catch_unwind(AssertUnwindSafe(call)).ok();
        if self.watch.end(id) {
            return Some(done);
        }
        self.care.came_back();
        None
    }

    fn replace(self: &Arc<Self>, lane: &Lane, worker: u64) {
        self.care.shared.changing.look_again();
        self.care.shared.listing.look_again();
        let nobody_serves = self.calls.well.load(Ordering::SeqCst) == 0;
        if !self.care.hangs(worker, nobody_serves) {
            lane.turn_away();
        } else if let Err(error) = self.start(lane.clone(), None) {
            tracing::error!(%error, "no thread takes the place of one that hangs");
        }
    }
}

impl Place {
    /// What is to be done next.
    fn next(&self, token: &Token) -> Next {
        let next = flume::Selector::new()
            .recv(&token.lease.recalled, |_| Next::Recalled)
            .recv(&self.lane.jobs, |job| job.map_or(Next::Over, Next::Job))
            .wait_timeout(IDLE);
        next.unwrap_or(Next::Idle)
    }

    fn come(&self) {
        if !self.counts.swap(true, Ordering::SeqCst) {
            self.lane.well.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn go(&self) {
        self.lane.go(&self.counts);
    }
}

fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map(|_| ()).map_err(|error| OpenError::Thread(error.to_string()))
}

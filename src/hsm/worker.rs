//! The threads that talk to the token.
//!
//! A PKCS#11 call blocks, and a session serves one thread at a time: so each session lives on a thread of its own, and
//! callers queue. Each call is under a watch: one that hangs is written off with its thread, and another takes the place.

mod place;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::care::Care;
use super::lane::{Abandon, Job, Lane};
use super::watch::Watch;
use super::{Condition, OpenError, Token, Trouble};
use place::{Next, Place};

/// How long those who wait for a session wait at a time, before they look whether anybody still asks.
const LOOK: Duration = Duration::from_millis(100);

/// What all threads share.
pub(super) struct Crew {
    pub(super) care: Care,
    pub(super) watch: Watch,
    /// Workers with a session serve callers; of which lane it is asked whether anybody does.
    calls: Lane,
    /// How long it may take to open, test or close a session, whatever it is for.
    longest_call: Duration,
    next: AtomicU64,
    /// Dropped with the last thread.
    alive: Mutex<Option<flume::Sender<()>>>,
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

impl Crew {
    pub(super) fn new(care: Care, calls: Lane, longest_call: Duration, alive: flume::Sender<()>) -> Self {
        let (next, alive) = (AtomicU64::new(0), Mutex::new(Some(alive)));
        Self { care, watch: Watch::default(), calls, longest_call, next, alive }
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
                    Ok(token) => {
                        // First: whoever hears that the token serves again is to find somebody who does.
                        place.come();
                        self.care.recovered();
                        token
                    }
                    Err(End::WrittenOff) => return self.care.came_back(),
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
                End::WrittenOff => {
                    // Until its session is closed, it still hangs.
                    drop(token);
                    return self.care.came_back();
                }
                End::Lost(job) => left = job,
            }
            // Closing a session is a call too.
            if self.watched(place, self.longest_call, None, move || drop(token)).is_none() {
                return self.care.came_back();
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
                Next::Job(job) => (Some(job), trusted == self.care.suspicion() && !self.is_misjudged(place)),
            };
            if !is_tested {
                trusted = self.care.suspicion();
                let abandon = job.as_ref().map(Job::abandon);
                match self.watched(place, self.longest_call, abandon, || token.self_test()) {
                    None => return End::WrittenOff,
                    Some(Some(Ok(()))) => {
                        if self.is_misjudged(place) {
                            self.care.recovered();
                        }
                    }
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
            let limit = place.lane.limit;
            let done = self.watched(place, limit, Some(abandon), move || job.run(token) && token.clear_session());
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
        let (mut tries, mut forgotten) = (0, false);
        while !place.lane.jobs.is_disconnected() {
            let attempt = self.watched(place, self.longest_call, left.as_ref().map(Job::abandon), || {
                if !std::mem::replace(&mut forgotten, true) {
                    self.care.shared.forget_handles();
                }
                // Those whom callers wait for first: the token may not have sessions for all.
                if !self.serves_callers(place) && self.nobody_serves() {
                    return (None, LOOK);
                }
                match self.care.attempt(place.worker, self.serves_callers(place), &place.written_off) {
                    None => (None, LOOK),
                    Some(Err(OpenError::Initialising)) => (Some(Err(OpenError::Initialising)), LOOK),
                    Some(Err(error)) => {
                        tries += 1;
                        let who = (place.worker, &*place.written_off);
                        let is_the_last = self.serves_callers(place) && self.nobody_serves();
                        let pause = self.care.treat(who, &error, tries, is_the_last, self.longest_call);
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
                None if self.care.condition() == Condition::Well => self.care.wait(LOOK),
                None => {
                    left.take().into_iter().for_each(Job::turn_away);
                    self.pause(place, pause, || self.care.condition() == Condition::Well);
                }
                Some(Err(error)) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "no session with the token yet");
                    left.take().into_iter().for_each(Job::turn_away);
                    self.pause(place, pause, || false);
                }
            }
        }
        Err(End::Over)
    }

    /// Waits, at most until `is_over`, and meanwhile turns those away who ask.
    fn pause(&self, place: &Place, pause: Duration, is_over: impl Fn() -> bool) {
        let until = std::time::Instant::now() + pause;
        while !is_over() {
            place.lane.turn_away();
            let left = until.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() || place.lane.jobs.is_disconnected() {
                return;
            }
            self.care.wait(left.min(LOOK));
        }
    }

    /// Whether nobody has a session for what callers ask.
    fn nobody_serves(&self) -> bool {
        self.calls.well.load(Ordering::SeqCst) == 0
    }

    fn serves_callers(&self, place: &Place) -> bool {
        Arc::ptr_eq(&place.lane.well, &self.calls.well)
    }

    /// Whether the token is said not to serve though callers are served by a session of this place.
    fn is_misjudged(&self, place: &Place) -> bool {
        self.serves_callers(place) && self.care.condition() != Condition::Well
    }

    /// Makes a call under the watch. `None` where it came back too late, and the thread is to end, which it then says; `Some(None)`
    /// where it panicked.
    fn watched<T>(
        self: &Arc<Self>,
        place: &Place,
        limit: Duration,
        abandon: Option<Abandon>,
        call: impl FnOnce() -> T,
    ) -> Option<Option<T>> {
        let (crew, lane, worker) = (Arc::downgrade(self), place.lane.clone(), place.worker);
        let (written_off, counts) = (Arc::clone(&place.written_off), Arc::clone(&place.counts));
        let id = self.watch.begin(limit, move || {
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
        self.watch.end(id).then_some(done)
    }

    fn replace(self: &Arc<Self>, lane: &Lane, worker: u64) {
        self.care.shared.changing.look_again();
        self.care.shared.listing.look_again();
        if self.care.hangs(worker, self.nobody_serves()) {
            let Err(error) = self.start(lane.clone(), None) else { return };
            tracing::error!(%error, "no thread takes the place of one that hangs");
            self.care.fell_ill(Trouble::GivenUp);
        }
        lane.turn_away();
    }
}

fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map(|_| ()).map_err(|error| OpenError::Thread(error.to_string()))
}

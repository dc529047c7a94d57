//! The queues before the token's threads, and how eagerly those run.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::oneshot;

use super::{Error, Token};

/// What has waited this long is not begun any more: its claim may be taken for one that was cut off.
const STALE: Duration = Duration::from_secs(5 * 60);

/// What is done by a session, or said where there is none; whether the session is still good.
type Work = Box<dyn FnOnce(Option<&Token>) -> bool + Send>;

/// Tells whoever waits that the call does not come back.
pub(super) type Abandon = Arc<dyn Fn() + Send + Sync>;

/// Work for a session.
pub(super) struct Job {
    work: Work,
    abandon: Abandon,
}

impl Job {
    /// Does the work; whether the session is still good.
    pub(super) fn run(self, token: &Token) -> bool {
        (self.work)(Some(token))
    }

    /// Says that there is no session to do it.
    pub(super) fn turn_away(self) {
        (self.work)(None);
    }

    /// What tells whoever waits that the call does not come back.
    pub(super) fn abandon(&self) -> Abandon {
        Arc::clone(&self.abandon)
    }
}

/// A queue as its workers see it.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) name: &'static str,
    pub(super) jobs: flume::Receiver<Job>,
    /// Workers that have a session.
    pub(super) well: Arc<AtomicUsize>,
    /// How long a call may take.
    pub(super) limit: Duration,
    /// What a thread of it begins with.
    pub(super) begin: fn(),
}

impl Lane {
    pub(super) fn new(name: &'static str, capacity: usize, limit: Duration, begin: fn()) -> (flume::Sender<Job>, Self) {
        let (sender, jobs) = flume::bounded(capacity);
        (sender, Self { name, jobs, well: Arc::default(), limit, begin })
    }

    /// Takes one of those who have a session out of the count, if it is in.
    pub(super) fn go(&self, counts: &AtomicBool) {
        if counts.swap(false, Ordering::SeqCst) {
            self.well.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Turns away all who ask, for as long as nobody has a session and somebody asks.
    pub(super) fn serve_nobody(&self) {
        while self.well.load(Ordering::SeqCst) == 0
            && let Ok(job) = self.jobs.recv()
        {
            job.turn_away();
        }
    }

    /// Tells those who wait that nobody has a session, if nobody has: they are not to hang.
    pub(super) fn turn_away(&self) {
        while self.well.load(Ordering::SeqCst) == 0
            && let Ok(job) = self.jobs.try_recv()
        {
            job.turn_away();
        }
    }
}

/// Where the answer goes, once: it may come from the thread that did the work, or from who found that it does not come back.
struct Answer<T>(Mutex<Option<oneshot::Sender<Result<T, Error>>>>);

impl<T> Answer<T> {
    fn is_awaited(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|answer| !answer.is_closed())
    }

    fn give(&self, result: Result<T, Error>) {
        if let Some(answer) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _left = answer.send(result);
        }
    }
}

pub(super) async fn enqueue<T: Send + 'static>(
    queue: &flume::Sender<Job>,
    work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (answer, answered) = oneshot::channel();
    let answer = Arc::new(Answer(Mutex::new(Some(answer))));
    let asked = Instant::now();
    let hanging = Arc::clone(&answer);
    let abandon = Arc::new(move || hanging.give(Err(Error::Hanging)));
    let work = Box::new(move |token: Option<&Token>| {
        if !answer.is_awaited() {
            return true;
        }
        let Some(token) = token else {
            answer.give(Err(no_session()));
            return true;
        };
        if asked.elapsed() > STALE {
            answer.give(Err(Error::Busy));
            return true;
        }
        let result = work(token).map_err(|error| token.judge(error));
        let session_is_good = !matches!(result, Err(Error::Gone(_))) && !token.spoiled.get();
        answer.give(result);
        session_is_good
    });
    queue.try_send(Job { work, abandon }).map_err(|refused| match refused {
        flume::TrySendError::Full(_) => Error::Busy,
        flume::TrySendError::Disconnected(_) => no_session(),
    })?;
    answered.await.map_err(|_| Error::Stopped)?
}

pub(super) fn give_no_way() {}

/// Has the calling thread run when no other wants to: a token in software computes on it. Nicer alone is not enough, for a
/// scheduler lets whoever runs run on for milliseconds, however nice; from SCHED_IDLE (sched(7)) it takes the processor at once.
pub(super) fn give_way() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle) {
        tracing::warn!(%error, "keys that nobody waits for are made as eagerly as others: may sched_setscheduler be called?");
    }
}

pub(super) fn no_session() -> Error {
    Error::gone()
}

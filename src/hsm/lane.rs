//! The queues before the token's threads, and how eagerly those run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cryptoki::context::Function;
use cryptoki::error::{Error as Pkcs11Error, RvError};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::oneshot;

use super::{Error, Token};

/// What has waited this long is not begun any more: its claim may be taken for one that was cut off.
const STALE: Duration = Duration::from_secs(5 * 60);

/// Work for a session, or word that there is none; answers whether the session is still good.
pub(super) type Job = Box<dyn FnOnce(Option<&Token>) -> bool + Send>;

/// A queue as its workers see it.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) jobs: flume::Receiver<Job>,
    /// Workers that have a session.
    pub(super) well: Arc<AtomicUsize>,
}

impl Lane {
    pub(super) fn new(capacity: usize) -> (flume::Sender<Job>, Self) {
        let (sender, jobs) = flume::bounded(capacity);
        (sender, Self { jobs, well: Arc::default() })
    }

    /// Tells those who wait that nobody has a session, if nobody has: they are not to hang.
    pub(super) fn turn_away(&self) {
        while self.well.load(Ordering::SeqCst) == 0
            && let Ok(job) = self.jobs.try_recv()
        {
            job(None);
        }
    }
}

pub(super) async fn enqueue<T: Send + 'static>(
    queue: &flume::Sender<Job>,
    work: impl FnOnce(&Token) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (answer, answered) = oneshot::channel();
    let asked = Instant::now();
    let job: Job = Box::new(move |token| {
        if answer.is_closed() {
            return true;
        }
        let Some(token) = token else {
            let _left = answer.send(Err(no_session()));
            return true;
        };
        if asked.elapsed() > STALE {
            let _left = answer.send(Err(Error::Busy));
            return true;
        }
        let result = work(token);
        let session_is_good = !matches!(result, Err(Error::Gone(_))) && !token.spoiled.get();
        let _left = answer.send(result);
        session_is_good
    });
    queue.try_send(job).map_err(|refused| match refused {
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

fn no_session() -> Error {
    Error::Gone(Pkcs11Error::Pkcs11(RvError::SessionClosed, Function::OpenSession))
}

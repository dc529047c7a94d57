//! A bare token that one process works on, or several at once: what a token gives to replicas that share it.
//!
//! Several processes at one SoftHSM2 token fail now and then; what failed is counted, and not done anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use keyferry::model::{ObjectId, WrappingKeySpec};
use serde::{Deserialize, Serialize};

use super::super::errand::{Errand, Waiting};
use super::super::pair;
use super::super::stock::bits;
use super::{MACED, token, unwrap};
use crate::measures::imports::Material;
use crate::measures::samples::Samples;

/// What is done to the token.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Work {
    /// One HMAC.
    Mac,
    /// An HMAC key unwrapped under RSA_2048, proved and kept, and its wrapping key destroyed.
    Import,
}

/// What one process does of it.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Share {
    pub work: Work,
    pub calls: usize,
    /// Each with a session of its own.
    pub threads: usize,
}

/// What it has done.
#[derive(Serialize, Deserialize)]
pub struct Done {
    durations: Vec<Duration>,
    elapsed: Duration,
    failed: usize,
}

/// So many calls by so many threads, both spread over so many processes on the token of this SOFTHSM2_CONF; how long each took that did
/// not fail, and how many did.
pub fn at_once(conf: &Path, processes: usize, all: Share) -> (Samples, usize) {
    let share = Share { calls: all.calls / processes, threads: all.threads / processes, ..all };
    // Each is ready before the next opens the token.
    let mut waiting: Vec<Waiting> = (0..processes).map(|_| Errand::Work(share).begin(conf)).collect();
    waiting.iter_mut().for_each(Waiting::go_on);
    let done: Vec<Done> = waiting.into_iter().map(Waiting::answer).collect();
    let elapsed = done.iter().map(|done| done.elapsed).max().unwrap();
    let failed = done.iter().map(|done| done.failed).sum();
    (Samples::within(done.into_iter().flat_map(|done| done.durations).collect(), elapsed), failed)
}

/// One process's share, which begins when `wait` returns. Its first session makes what is needed.
pub fn work(share: Share, first: &Session, sessions: Vec<Session>, wait: impl FnOnce()) -> Done {
    let mac_key = token::mac_key(first);
    let jobs = Mutex::new(Jobs::prepare(share, first));
    let (changing, done) = (Mutex::new(()), Mutex::new(Vec::new()));
    let work = |session: Session| {
        loop {
            let Some(job) = jobs.lock().unwrap().next() else { break };
            let began = Instant::now();
            let called = catch_unwind(AssertUnwindSafe(|| job.call(&session, mac_key, &changing)));
            let took = began.elapsed();
            done.lock().unwrap().push(called.is_ok().then_some(took));
        }
    };
    wait();
    // What fails from here on is counted, and says no more.
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for session in sessions {
            scope.spawn(|| work(session));
        }
    });
    let elapsed = began.elapsed();
    let done = done.into_inner().unwrap();
    let durations: Vec<_> = done.iter().copied().flatten().collect();
    let failed = done.len() - durations.len();
    Done { durations, elapsed, failed }
}

/// What is still to be done.
enum Jobs {
    Macs(usize),
    Imports(Vec<(ObjectHandle, Vec<u8>)>),
}

enum Job {
    Mac,
    Import(ObjectHandle, Vec<u8>),
}

impl Jobs {
    fn prepare(Share { work, calls, .. }: Share, session: &Session) -> Self {
        match work {
            Work::Mac => Self::Macs(calls),
            Work::Import => {
                let made = pair::generate(session, bits(WrappingKeySpec::Rsa2048));
                let one = |_| (made.copy(session, &ObjectId::random()), Material::Hmac.wrapped(&made.spki));
                let all = (0..calls).map(one).collect();
                made.destroy(session);
                Self::Imports(all)
            }
        }
    }

    fn next(&mut self) -> Option<Job> {
        match self {
            Self::Macs(left) => {
                *left = left.checked_sub(1)?;
                Some(Job::Mac)
            }
            Self::Imports(left) => left.pop().map(|(key, blob)| Job::Import(key, blob)),
        }
    }
}

impl Job {
    fn call(self, session: &Session, mac_key: ObjectHandle, changing: &Mutex<()>) {
        session.sign(&Mechanism::Sha256Hmac, mac_key, &MACED).unwrap();
        if let Self::Import(key, blob) = self {
            let object = unwrap::unwrap(session, changing, Material::Hmac, key, &blob);
            unwrap::keep(session, changing, Material::Hmac, object, &ObjectId::random());
            unwrap::destroy(session, changing, object);
            unwrap::destroy(session, changing, key);
        }
    }
}

//! Imports in a bare loop: the PKCS#11 calls that the service makes for one, and its three commits.
//!
//! What the service does on the host is left out, and so are its reads of the record. Two things are as in the service because
//! SoftHSM2 loses keys otherwise: objects are made in the session and copied, and what changes the token holds one lock.

use std::sync::Mutex as Lock;
use std::time::{Duration, Instant};

use cryptoki::mechanism::Mechanism;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use keyferry::model::{ObjectId, WrappingKeySpec};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::super::pair;
use super::super::stock::bits;
use super::record::{BareRecord, Set};
use super::token::BareToken;
use super::{MACED, unwrap};
use crate::measures::imports::Material;
use crate::measures::samples::Samples;

/// Wrapping keys on a token of this process, each with its set on record.
pub struct Importing {
    token: BareToken,
    record: Mutex<BareRecord>,
    changing: Lock<()>,
    lots: Vec<HandedOut>,
}

/// Copies of one pair.
struct HandedOut {
    spec: WrappingKeySpec,
    spki: Vec<u8>,
    sets: Vec<(Set, ObjectHandle)>,
}

impl Importing {
    /// With so many sets of each spec to import under: as many objects as the service has on its token, for with each of
    /// them it takes SoftHSM2 longer to destroy one.
    pub async fn prepare(ready: &[(WrappingKeySpec, usize)]) -> Self {
        let token = BareToken::new();
        let mut record = BareRecord::with_ready(ready).await;
        let mut lots = Vec::new();
        for (spec, count) in ready {
            let made = pair::generate(token.session(), bits(*spec));
            let mut sets = Vec::new();
            for _ in 0..*count {
                let set = record.take(*spec).await;
                let object = ObjectId(set.object.clone().try_into().unwrap());
                sets.push((set, made.copy(token.session(), &object)));
            }
            lots.push(HandedOut { spec: *spec, spki: made.spki.clone(), sets });
            made.destroy(token.session());
        }
        Self { token, record: Mutex::new(record), changing: Lock::new(()), lots }
    }

    /// Imports fresh material under sets of this spec, so many threads at once: how long each took.
    pub fn import(&mut self, material: Material, spec: WrappingKeySpec, count: usize, threads: usize) -> Samples {
        let lot = self.lots.iter_mut().find(|lot| lot.spec == spec).unwrap();
        let blobs: Vec<_> = (0..count).map(|_| material.wrapped(&lot.spki)).collect();
        let rest = lot.sets.len() - count;
        let jobs = Lock::new(lot.sets.drain(rest..).zip(blobs));
        let (mac_key, record, changing) = (self.token.mac_key(), &self.record, &self.changing);
        let sessions: Vec<_> = (0..threads).map(|_| self.token.another_session()).collect();
        let (runtime, durations) = (Handle::current(), Lock::new(Vec::new()));
        let work = |session: Session| {
            let one = One { session: &session, mac_key, record, changing, runtime: &runtime };
            loop {
                let Some(((set, key), blob)) = jobs.lock().unwrap().next() else { break };
                let began = Instant::now();
                one.import(material, &set, key, &blob);
                durations.lock().unwrap().push(began.elapsed());
            }
        };
        let began = Instant::now();
        let elapsed: Duration = tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                for session in sessions {
                    scope.spawn(|| work(session));
                }
            });
            began.elapsed()
        });
        Samples::within(durations.into_inner().unwrap(), elapsed)
    }
}

/// One thread's means.
struct One<'a> {
    session: &'a Session,
    mac_key: ObjectHandle,
    record: &'a Mutex<BareRecord>,
    changing: &'a Lock<()>,
    runtime: &'a Handle,
}

impl One<'_> {
    fn import(&self, material: Material, set: &Set, key: ObjectHandle, blob: &[u8]) {
        let object = ObjectId::random();
        self.session.sign(&Mechanism::Sha256Hmac, self.mac_key, &MACED).unwrap();
        self.runtime.block_on(async { self.record.lock().await.claim(set, &object).await });
        let unwrapped = unwrap::unwrap(self.session, self.changing, material, key, blob);
        unwrap::keep(self.session, self.changing, material, unwrapped, &object);
        self.destroy(unwrapped);
        self.runtime.block_on(async { self.record.lock().await.settle(set, &object).await });
        self.destroy(key);
        self.runtime.block_on(async { self.record.lock().await.destroyed(set).await });
    }

    fn destroy(&self, object: ObjectHandle) {
        let _changing = self.changing.lock().unwrap();
        self.session.destroy_object(object).unwrap();
    }
}

//! Load on three replicas, of which one is killed and comes back: what callers see before, meanwhile and after.
//!
//! Nobody tells the callers. Whoever is not answered asks the next replica, as a client library or a load balancer does, and what that
//! takes is in the time of the call.

use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use keyferry::proto as pb;

use super::CALLERS;
use super::fleet::Fleet;
use super::key::{Acknowledged, Key};
use super::turn::Call;
use crate::harness::refusal::is_passing;
use crate::harness::{Client, Refusal};
use crate::measures::load::as_long_as;

/// How long load is held before the kill, and from when the one that was killed serves again.
const QUIET: Duration = Duration::from_secs(6);
/// How long it is gone before it is started again.
const GONE: Duration = Duration::from_secs(3);
/// Of so many calls one issues a set and one imports; the rest are uses and reads.
const CYCLE: usize = 20;
/// Replicas that are asked for one call, one after the other and over again, before it counts as not answered.
const ASKED: usize = 60;
/// The pause when all have been asked.
const AGAIN: Duration = Duration::from_millis(50);

/// A call as its caller saw it.
pub struct Seen {
    pub call: Call,
    pub began: Instant,
    pub took: Duration,
    /// How many replicas were asked.
    pub asked: usize,
    pub answered: bool,
}

/// What was held, and how.
pub struct Held {
    pub seen: Vec<Seen>,
    pub imported: Vec<Acknowledged>,
    pub began: Instant,
    pub killed: Instant,
    /// When the one that was killed served again.
    pub back: Instant,
    pub ended: Instant,
    /// How often it was started until it did.
    pub starts: usize,
}

/// What all callers share.
struct Callers {
    lines: RwLock<Vec<Client>>,
    /// Keys that have no material yet.
    waiting: Mutex<Vec<Key>>,
    /// Imports that are ready to be sent.
    ready: Mutex<Vec<(Arc<Key>, pb::ImportKeyMaterialRequest)>>,
    imported: Mutex<Vec<Acknowledged>>,
    seen: Mutex<Vec<Seen>>,
}

/// Holds load on the fleet, which is of three, by callers who import into these keys and use those that have material.
pub async fn hold(fleet: &mut Fleet, waiting: Vec<Key>, imported: Vec<Acknowledged>) -> Held {
    let callers = Arc::new(Callers {
        lines: RwLock::new(fleet.lines(CALLERS).await),
        waiting: Mutex::new(waiting),
        ready: Mutex::default(),
        imported: Mutex::new(imported),
        seen: Mutex::default(),
    });
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let shared = Arc::clone(&callers);
    let call = move |number| Arc::clone(&shared).call(number);
    let began = Instant::now();
    let load = tokio::spawn(as_long_as(move |_| !*stopped.borrow(), CALLERS, call));
    tokio::time::sleep(QUIET).await;
    let killed = Instant::now();
    fleet.kill_one();
    tokio::time::sleep(GONE).await;
    let starts = tokio::task::block_in_place(|| fleet.start_one());
    let lines = fleet.lines(CALLERS).await;
    *callers.lines.write().unwrap() = lines;
    let back = Instant::now();
    tokio::time::sleep(QUIET).await;
    stop.send(true).unwrap();
    if let Some(refusal) = load.await.unwrap().refusal {
        eprintln!("  a call that no replica answered: {refusal:?}");
    }
    let ended = Instant::now();
    let (seen, imported) = (std::mem::take(&mut *callers.seen.lock().unwrap()), callers.imported.lock().unwrap().clone());
    Held { seen, imported, began, killed, back, ended, starts }
}

impl Callers {
    async fn call(self: Arc<Self>, number: usize) -> Result<(), Refusal> {
        match number % CYCLE {
            0 => {
                let key = self.waiting.lock().unwrap().pop();
                // None are left: the load goes on without.
                let Some(key) = key.map(Arc::new) else { return self.read(number).await };
                let set = {
                    let key = Arc::clone(&key);
                    self.somewhere(Call::GetParametersForImport, number, move |client| {
                        let key = Arc::clone(&key);
                        async move { key.parameters(&client).await }
                    })
                };
                let set = set.await?;
                let request = key.request(&set);
                self.ready.lock().unwrap().push((key, request));
                Ok(())
            }
            10 => {
                let ready = self.ready.lock().unwrap().pop();
                let Some((key, request)) = ready else { return self.read(number).await };
                let import = move |client: Client| {
                    let request = request.clone();
                    async move { client.import(request).await }
                };
                let answer = self.somewhere(Call::ImportKeyMaterial, number, import).await?;
                self.imported.lock().unwrap().push((key, answer.key_material_id));
                Ok(())
            }
            odd if odd % 2 == 1 => {
                let key = self.any_key(number);
                let mac = move |client: Client| {
                    let key = Arc::clone(&key);
                    async move { key.mac(&client).await }
                };
                self.somewhere(Call::GenerateMac, number, mac).await
            }
            _ => self.read(number).await,
        }
    }

    async fn read(&self, number: usize) -> Result<(), Refusal> {
        let key = self.any_key(number);
        let describe = move |client: Client| {
            let key = Arc::clone(&key);
            async move { key.describe(&client).await.map(drop) }
        };
        self.somewhere(Call::DescribeKey, number, describe).await
    }

    /// One that has its material, the newest as often as the oldest.
    fn any_key(&self, number: usize) -> Arc<Key> {
        let imported = self.imported.lock().unwrap();
        Arc::clone(&imported[number % imported.len()].0)
    }

    /// Asks one replica after the other until one answers.
    async fn somewhere<T, F>(&self, call: Call, number: usize, ask: impl Fn(Client) -> F) -> Result<T, Refusal>
    where
        F: Future<Output = Result<T, Refusal>>,
    {
        let (began, mut asked) = (Instant::now(), 0);
        let answer = loop {
            let line = {
                let lines = self.lines.read().unwrap();
                lines[(number + asked) % lines.len()].clone()
            };
            let answer = ask(line).await;
            asked += 1;
            match answer {
                // What comes of a connection that broke has no reason.
                Err(refusal) if (refusal.reason.is_empty() || is_passing(&refusal)) && asked < ASKED => {}
                done => break done,
            }
            if asked.is_multiple_of(super::REPLICAS) {
                tokio::time::sleep(AGAIN).await;
            }
        };
        let seen = Seen { call, began, took: began.elapsed(), asked, answered: answer.is_ok() };
        self.seen.lock().unwrap().push(seen);
        answer
    }
}

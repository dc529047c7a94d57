//! Load that does everything the service does to keys, and remembers what it was told: the other half of the checks.
//!
//! Each key is one caller's, so that it is known what must have become of it; all callers call all replicas.

mod caller;
mod owned;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::plan::Random;
use super::{Doing, Fleet};

use caller::Caller;
pub(super) use owned::{Expected, Holds, Owned};

/// Callers at once.
const CALLERS: usize = 4;

/// How often it is looked whether it is time to stop.
const LOOK: Duration = Duration::from_millis(10);

pub(super) struct Load {
    pub(super) callers: Vec<Caller>,
}

/// What all callers share.
#[derive(Clone, Default)]
struct Shared {
    stop: Arc<AtomicBool>,
    /// Every public key that was handed out.
    given: Arc<Mutex<HashSet<Vec<u8>>>>,
    /// What must not have happened.
    found: Arc<Mutex<Option<String>>>,
}

impl Load {
    pub(super) fn new(seed: u64) -> Self {
        let shared = Shared::default();
        let caller = |n| Caller::new(shared.clone(), Random::new(seed.wrapping_add(n)));
        Self { callers: (0..CALLERS as u64).map(caller).collect() }
    }

    /// Runs until `over` or for so long, most of all with what is named; then lets every call end.
    pub(super) async fn run(
        &mut self,
        fleet: &mut Fleet,
        doing: Option<Doing>,
        longest: Duration,
        over: impl Fn(&mut Fleet) -> bool,
    ) -> Result<(), String> {
        let clients = fleet.clients().await;
        let shared = self.callers[0].shared().clone();
        shared.stop.store(false, Ordering::SeqCst);
        let url = fleet.installation.store_url();
        let calling: Vec<_> = std::mem::take(&mut self.callers)
            .into_iter()
            .map(|caller| tokio::spawn(caller.call(clients.clone(), doing, url.clone())))
            .collect();
        let began = Instant::now();
        while began.elapsed() < longest && !over(fleet) && !calling.iter().all(tokio::task::JoinHandle::is_finished) {
            tokio::time::sleep(LOOK).await;
        }
        shared.stop.store(true, Ordering::SeqCst);
        for caller in calling {
            self.callers.push(caller.await.map_err(|error| error.to_string())?);
        }
        shared.found.lock().unwrap().take().map_or(Ok(()), Err)
    }
}

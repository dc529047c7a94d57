//! Somebody between the client and the service, who sees every call by its name and can refuse it or break the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::runtime::Runtime;
use tonic::Status;

use crate::client::desk::Desk;
use crate::harness::Daemon;
use crate::harness::daemon::field;
use crate::harness::front::{Front, Lie};
use crate::harness::proxy::Proxy;

/// Calls by method, with the encoded request.
type Calls = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

pub struct Between {
    // Carries the proxy and the front for as long as somebody looks.
    _runtime: Runtime,
    proxy: Arc<Proxy>,
    calls: Calls,
    /// Serves for as long as it is looked at.
    _daemon: Arc<Daemon>,
}

impl Between {
    /// Only looks.
    pub fn idle(daemon: &Arc<Daemon>) -> Self {
        Self::new(daemon, Lie::Nothing, |_, _, _| None)
    }

    /// Asks `mischief` what is to become of the n-th call (from 1) of a method, before the service sees it.
    pub fn new(
        daemon: &Arc<Daemon>,
        lie: Lie,
        mischief: impl Fn(&Arc<Proxy>, &str, usize) -> Option<Status> + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let calls = Calls::default();
        let seen = calls.clone();
        let proxy = runtime.block_on(async {
            let way: Arc<Mutex<Option<Arc<Proxy>>>> = Arc::default();
            let there = way.clone();
            let front = Front::serve(daemon.client().await, lie, move |method, request| {
                let count = {
                    let mut seen = seen.lock().unwrap();
                    seen.push((method.to_owned(), request.to_vec()));
                    seen.iter().filter(|(name, _)| name == method).count()
                };
                let proxy = there.lock().unwrap().clone().unwrap();
                mischief(&proxy, method, count)
            });
            let front = front.await;
            let proxy = Arc::new(Proxy::to(front.strip_prefix("http://").unwrap()).await);
            *way.lock().unwrap() = Some(proxy.clone());
            proxy
        });
        Self { _runtime: runtime, proxy, calls, _daemon: daemon.clone() }
    }

    /// A desk whose calls come by here.
    pub fn desk(&self) -> Desk {
        let mut desk = Desk::bare();
        desk.set("KEYFERRY_ENDPOINT_URL", &format!("http://{}", self.proxy.address));
        desk
    }

    /// The requests of this method so far.
    pub fn seen(&self, method: &str) -> Vec<Vec<u8>> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(name, _)| name == method).map(|(_, request)| request.clone()).collect()
    }

    /// Lets every connection through again.
    pub fn mend(&self) {
        self.proxy.refuse(0);
    }
}

/// Holds back what the service answers, and breaks the way once it has done its first import.
pub fn break_behind_the_import(daemon: &Arc<Daemon>, proxy: &Arc<Proxy>, how: fn(&Proxy)) {
    proxy.hold();
    let (daemon, proxy) = (daemon.clone(), proxy.clone());
    std::thread::spawn(move || {
        let count = AtomicUsize::new(0);
        daemon.wait_for_log(|line| {
            let is_done = field(line, "method") == "ImportKeyMaterial" && field(line, "code") == "Ok";
            is_done && count.fetch_add(1, Ordering::SeqCst) == 0
        });
        how(&proxy);
    });
}

//! A way to the daemon that breaks when it is told to, and not by chance or by the clock.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// A TCP proxy on a port of its own.
pub struct Proxy {
    /// `host:port`.
    pub address: String,
    way: Arc<Way>,
    door: AbortHandle,
}

struct Way {
    /// Where it leads; nowhere where nobody is there.
    daemon: Mutex<Option<String>>,
    /// Whether what the daemon says is swallowed.
    held: AtomicBool,
    /// Whether what goes up is spoiled on its way.
    spoiled: AtomicBool,
    /// Connections that are still to be closed as soon as they come.
    refusals: AtomicUsize,
    /// How often all connections were ended.
    cut: watch::Sender<u32>,
}

impl Proxy {
    pub async fn to(daemon: &str) -> Self {
        let proxy = Self::nowhere().await;
        proxy.lead_to(daemon);
        proxy
    }

    /// One that leads nowhere yet: who comes is turned away.
    pub async fn nowhere() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let way = Arc::new(Way {
            daemon: Mutex::default(),
            held: AtomicBool::default(),
            spoiled: AtomicBool::default(),
            refusals: AtomicUsize::default(),
            cut: watch::Sender::new(0),
        });
        let shared = way.clone();
        let door = tokio::spawn(async move {
            while let Ok((below, _)) = listener.accept().await {
                let refused = shared.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                let daemon = shared.daemon.lock().unwrap().clone().filter(|_| refused.is_err());
                if let Some(daemon) = daemon {
                    // One that has ended is not there for anybody.
                    let Ok(above) = TcpStream::connect(&daemon).await else { continue };
                    tokio::spawn(carry(below, above, shared.clone()));
                }
            }
        });
        Self { address, way, door: door.abort_handle() }
    }

    /// New connections lead there.
    pub fn lead_to(&self, daemon: &str) {
        *self.way.daemon.lock().unwrap() = Some(daemon.to_owned());
    }

    /// Ends every connection, and turns new ones away until it leads somewhere again.
    pub fn lead_nowhere(&self) {
        *self.way.daemon.lock().unwrap() = None;
        self.cut();
    }

    /// Lets nothing come down any more, until the next cut.
    pub fn hold(&self) {
        self.way.held.store(true, Ordering::SeqCst);
    }

    /// Changes whatever goes up from now on. Under TLS it is answered by an alert.
    pub fn spoil(&self) {
        self.way.spoiled.store(true, Ordering::SeqCst);
    }

    /// Ends every connection. New ones are as good as ever.
    pub fn cut(&self) {
        // In this order: what is held back now stays so.
        self.way.cut.send_modify(|cuts| *cuts += 1);
        self.way.held.store(false, Ordering::SeqCst);
    }

    /// Ends every connection, and nobody is there for new ones.
    pub fn leave(&self) {
        self.door.abort();
        self.cut();
    }

    /// Ends every connection, and as many new ones as they come.
    pub fn refuse(&self, connections: usize) {
        self.way.refusals.store(connections, Ordering::SeqCst);
        self.cut();
    }
}

async fn carry(below: TcpStream, above: TcpStream, way: Arc<Way>) {
    let mut cut = way.cut.subscribe();
    let age = *cut.borrow();
    let ((from_below, to_below), (from_above, to_above)) = (below.into_split(), above.into_split());
    // The end of one is the end of all: what is dropped closes its sockets.
    tokio::select! {
        () = go_up(from_below, to_above, || way.spoiled.load(Ordering::SeqCst)) => {}
        () = come_down(from_above, to_below, || way.held.load(Ordering::SeqCst) || *way.cut.borrow() != age) => {}
        _ = cut.changed() => {}
    }
}

async fn go_up(mut below: OwnedReadHalf, mut above: OwnedWriteHalf, is_spoiled: impl Fn() -> bool) {
    let mut bytes = vec![0; 65_536];
    while let Ok(length @ 1..) = below.read(&mut bytes).await {
        if is_spoiled() {
            // The last byte of a record is a part of its tag (RFC 8446, section 5.2).
            bytes[length - 1] ^= 1;
        }
        if above.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

async fn come_down(mut above: OwnedReadHalf, mut below: OwnedWriteHalf, is_held: impl Fn() -> bool) {
    let mut bytes = vec![0; 65_536];
    while let Ok(length @ 1..) = above.read(&mut bytes).await {
        if !is_held() && below.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

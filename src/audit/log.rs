//! The log as its callers see it: a place first, the line when it is known.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::checkpoint::ToBeSigned;
use super::line::{Body, Hash};
use super::opening::{self, OpenError};
use super::writer::{Order, Writer};
use super::{Event, bodies, shorten};
use crate::model::InstallationId;

/// How many lines may be under way at once: of 500 calls, and of 256 callers at the JSON front whose name is not known yet.
pub(super) const PLACES: usize = 768;
/// Room in the queue for what has no place: checkpoints.
const OTHERS: usize = 16;

/// Where the log is, how long its files are, and who else hears of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file. Old ones are beside it, their first line's number behind the name.
    pub file: PathBuf,
    /// A file that is longer, in bytes, is followed by another.
    pub max_bytes: u64,
    /// How many old files are kept; 0 for all.
    pub keep: u32,
    /// Where each line goes besides.
    pub forward: Option<Forward>,
    /// Whose log it is.
    pub installation: InstallationId,
}

/// Another log of this machine, by its datagram socket. Best effort: what it does not take is counted, and in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forward {
    /// RFC 5424, facility authpriv; usually /dev/log.
    Syslog(PathBuf),
    /// The journal's own protocol; usually /run/systemd/journal/socket.
    Journald(PathBuf),
}

/// Why a line is not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unwritable {
    /// As many lines are under way as may be.
    #[error("the audit log has {PLACES} lines under way: try again")]
    Busy,
    /// The disk does not take it. Once it does, the log goes on by itself.
    #[error("the audit log cannot be written: {0}")]
    Disk(Arc<str>),
    /// A checkpoint came after too many other lines: have a newer one signed.
    #[error("the checkpoint came too late")]
    Late,
    /// The log has ended.
    #[error("the audit log is closed")]
    Stopped,
}

/// An open audit log. Clones are the same; when the last is dropped, with its places, what is under way is written.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    orders: Option<flume::Sender<Order>>,
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

/// What the writer tells.
pub(super) struct Shared {
    pub(super) places: Arc<Semaphore>,
    /// Why nothing can be written now.
    pub(super) trouble: watch::Sender<Option<Arc<str>>>,
    pub(super) head: Mutex<Head>,
    pub(super) wants_checkpoint: AtomicBool,
    pub(super) rotation: Notify,
    pub(super) lost: AtomicU64,
}

/// The end of the chain.
pub(super) struct Head {
    pub(super) to_be_signed: ToBeSigned,
    /// The last line that is no checkpoint.
    pub(super) last_other: u64,
    /// The last line that a checkpoint covers.
    pub(super) covered: u64,
}

impl Shared {
    pub(super) fn head(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Opens the log, and goes on where it ended. Blocks for as long as the disk likes.
    ///
    /// # Errors
    /// Where it is no log, another's, in use, or cannot be written.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let (ledger, opened) = opening::open(&settings)?;
        let last = ledger.chain.next - 1;
        let (log, installation, hash) = (ledger.log, ledger.installation, ledger.chain.previous);
        let to_be_signed = ToBeSigned { log, installation, sequence: last, hash, time: String::new() };
        let shared = Arc::new(Shared {
            places: Arc::new(Semaphore::new(PLACES)),
            trouble: watch::Sender::new(None),
            head: Mutex::new(Head { to_be_signed, last_other: last, covered: 0 }),
            wants_checkpoint: AtomicBool::new(false),
            rotation: Notify::new(),
            lost: AtomicU64::new(0),
        });
        let (orders, queue) = flume::bounded(PLACES + OTHERS);
        let path = settings.file.clone();
        let writer = Writer::new(ledger, settings, queue, shared.clone());
        let thread = std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(&opened));
        let thread = thread.map_err(|source| OpenError::Io { path, source })?;
        Ok(Self(Arc::new(Inner { orders: Some(orders), shared, writer: Some(thread) })))
    }

    /// Takes a place for a line, in the queue and on the disk. To be called before anything is done that the line is to tell.
    ///
    /// # Errors
    /// At once, where nothing can be written now.
    pub fn begin(&self) -> Result<Place, Unwritable> {
        self.is_writable()?;
        let permit = self.0.shared.places.clone().try_acquire_owned().map_err(|_| Unwritable::Busy)?;
        Ok(Place { log: self.clone(), permit })
    }

    /// Whether lines can be written now.
    ///
    /// # Errors
    /// Where they cannot.
    pub fn is_writable(&self) -> Result<(), Unwritable> {
        if let Some(why) = &*self.0.shared.trouble.borrow() {
            return Err(Unwritable::Disk(Arc::clone(why)));
        }
        match &self.0.orders {
            Some(orders) if !orders.is_disconnected() => Ok(()),
            _ => Err(Unwritable::Stopped),
        }
    }

    /// Why the disk takes no lines, and each change of it; `None` while it does.
    pub fn trouble(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.0.shared.trouble.subscribe()
    }

    /// What the token is to sign; `None` where nothing was written since the last checkpoint.
    pub fn to_be_signed(&self) -> Option<ToBeSigned> {
        let head = self.0.shared.head();
        let is_new = head.last_other > head.covered;
        is_new.then(|| ToBeSigned { time: bodies::now(), ..head.to_be_signed.clone() })
    }

    /// Writes a checkpoint: the ECDSA P-256 signature, r ‖ s, over the digest of `what`, by the key whose DER
    /// SubjectPublicKeyInfo has the SHA-256 `key_id`. It is on the disk when this returns.
    ///
    /// # Errors
    /// Where it is not; it is not kept, for a later one covers the same lines.
    pub async fn checkpoint(&self, what: ToBeSigned, key_id: [u8; 32], signature: [u8; 64]) -> Result<(), Unwritable> {
        self.is_writable()?;
        let covers = Some(what.sequence);
        self.order(what.signed(key_id, signature), true, covers, None).await
    }

    /// Whether a file is full, and waits a while for a checkpoint to be its last line.
    pub fn wants_checkpoint(&self) -> bool {
        self.0.shared.wants_checkpoint.load(Ordering::Acquire)
    }

    /// Returns when [`Log::wants_checkpoint`] becomes true. For one who waits.
    pub async fn checkpoint_wanted(&self) {
        self.0.shared.rotation.notified().await;
    }

    /// How many lines the log has, those of its old files among them.
    pub fn lines(&self) -> u64 {
        self.0.shared.head().to_be_signed.sequence
    }

    /// How many lines there are since the last checkpoint.
    pub fn unsigned(&self) -> u64 {
        let head = self.0.shared.head();
        head.last_other.saturating_sub(head.covered)
    }

    /// How many lines were not taken where they are forwarded to.
    pub fn lost(&self) -> u64 {
        self.0.shared.lost.load(Ordering::Relaxed)
    }

    fn order(
        &self,
        body: Body,
        durable: bool,
        covers: Option<u64>,
        place: Option<OwnedSemaphorePermit>,
    ) -> impl Future<Output = Result<(), Unwritable>> + Send + use<> {
        let (answer, answered) = oneshot::channel();
        let order = Order { body, durable, covers, _place: place, answer };
        let queued = match &self.0.orders {
            Some(orders) => orders.try_send(order).map_err(|refused| match refused {
                flume::TrySendError::Full(_) => Unwritable::Busy,
                flume::TrySendError::Disconnected(_) => Unwritable::Stopped,
            }),
            None => Err(Unwritable::Stopped),
        };
        async move {
            queued?;
            answered.await.map_err(|_| Unwritable::Stopped)?
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer ends when nobody can send any more.
        self.orders = None;
        if let Some(Err(_panicked)) = self.writer.take().map(JoinHandle::join) {
            tracing::error!("the thread that writes the audit log broke off");
        }
    }
}

/// Room for one line. Dropped, it is somebody else's.
pub struct Place {
    log: Log,
    permit: OwnedSemaphorePermit,
}

impl Place {
    /// Writes the line. It is on its way when this is called, whether or not the caller waits; when that ends, it is written,
    /// and on the disk where it is to be `durable`, with those of all who wait at the same time.
    ///
    /// # Errors
    /// Where it could not be written. It is kept, and written first when the log goes on.
    pub fn write(self, event: &Event, durable: bool) -> impl Future<Output = Result<(), Unwritable>> + Send + use<> {
        self.log.order(shorten::body(event), durable, None, Some(self.permit))
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Place")
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Log").field(&self.0.shared.head().to_be_signed.sequence).finish()
    }
}

impl Head {
    /// After another line, or several, that end the chain with this one.
    pub(super) fn advance(&mut self, sequence: u64, hash: Hash) {
        (self.to_be_signed.sequence, self.to_be_signed.hash) = (sequence, hash);
    }
}

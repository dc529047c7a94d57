//! A PKCS#11 module in this process: loaded once, initialised, and initialised anew when it has to be.
//!
//! C_Finalize while a call is under way ends the process (measured on three of four tokens). So everything that has a session
//! holds a [`Lease`]; when the module is to be initialised anew all of them are called back, and it is finalised only once the last
//! one is given back. A module is the process's: whoever uses another of its tokens is called back too.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};

use super::OpenError;

/// A module of this process.
#[derive(Debug)]
pub(super) struct Library {
    path: PathBuf,
    context: Pkcs11,
    life: Mutex<Life>,
    changed: Condvar,
}

/// From one C_Initialize to the next C_Finalize.
#[derive(Debug)]
struct Life {
    number: u64,
    /// Whether the module is initialised.
    begun: bool,
    /// Whether leases are called back, and no more given.
    ending: bool,
    leases: usize,
    /// Dropped when they are called back.
    recall: Option<flume::Sender<Infallible>>,
    recalled: flume::Receiver<Infallible>,
}

/// The right to use the module. Dropped after whatever was opened under it.
#[derive(Debug)]
pub(super) struct Lease {
    library: Arc<Library>,
    life: u64,
    /// Disconnected when the lease is called back.
    pub(super) recalled: flume::Receiver<Infallible>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.library.life().leases -= 1;
        self.library.changed.notify_all();
    }
}

impl Lease {
    pub(super) fn context(&self) -> &Pkcs11 {
        &self.library.context
    }

    /// Which life of the module it is for.
    pub(super) fn life(&self) -> u64 {
        self.life
    }
}

impl Library {
    /// The module in this file, loaded where it is not yet.
    pub(super) fn of(path: &Path) -> Result<Arc<Self>, OpenError> {
        // By the file itself: two names of one file are one module.
        static LOADED: Mutex<BTreeMap<PathBuf, Arc<Library>>> = Mutex::new(BTreeMap::new());
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = loaded.get(&path) {
            return Ok(Arc::clone(library));
        }
        let context = Pkcs11::new(&path).map_err(|error| OpenError::Load(path.clone(), error.to_string()))?;
        let (recall, recalled) = flume::bounded(0);
        let life = Life { number: 0, begun: false, ending: false, leases: 0, recall: Some(recall), recalled };
        let library = Self { path: path.clone(), context, life: Mutex::new(life), changed: Condvar::new() };
        Ok(Arc::clone(loaded.entry(path).or_insert(Arc::new(library))))
    }

    /// A lease, where the module is initialised or can be.
    ///
    /// # Errors
    /// Where it does not initialise, or leases are being called back.
    pub(super) fn lease(self: &Arc<Self>) -> Result<Lease, OpenError> {
        let mut life = self.life();
        if life.ending {
            return Err(OpenError::Initialising);
        }
        if !life.begun {
            self.begin(&mut life)?;
        }
        life.leases += 1;
        Ok(Lease { library: Arc::clone(self), life: life.number, recalled: life.recalled.clone() })
    }

    /// The file that it was loaded from.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Which life the module is in.
    pub(super) fn number(&self) -> u64 {
        self.life().number
    }

    fn begin(&self, life: &mut Life) -> Result<(), OpenError> {
        match self.context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {
                life.begun = true;
                Ok(())
            }
            Err(error) => Err(OpenError::Initialise(self.path.clone(), error.to_string())),
        }
    }

    /// Initialises the module anew, where it is still in the life `number`: calls every lease back, waits for the last as long as
    /// `patience`, finalises. Whether it was, by this call or another.
    ///
    /// # Errors
    /// Where it does not initialise. The next lease tries again.
    pub(super) fn renew(&self, number: u64, patience: Duration) -> Result<bool, OpenError> {
        let mut life = self.life();
        if life.number != number {
            return Ok(true);
        }
        if life.ending {
            // Another does it; whoever waits here would only wait twice.
            return Ok(false);
        }
        life.ending = true;
        life.recall = None;
        let until = Instant::now() + patience;
        while life.leases > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // A call hangs, or takes very long: those who were called back may go on.
                Self::go_on(&mut life);
                return Ok(false);
            }
            life = self.changed.wait_timeout(life, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        // Not initialised any more is what was wanted; whatever else it says, initialising tells.
        if let Err(error) = self.context.clone().finalize() {
            tracing::warn!(%error, "the PKCS#11 module does not finalise");
        }
        life.begun = false;
        life.number += 1;
        Self::go_on(&mut life);
        self.begin(&mut life).map(|()| true)
    }

    fn go_on(life: &mut Life) {
        let (recall, recalled) = flume::bounded(0);
        life.ending = false;
        life.recall = Some(recall);
        life.recalled = recalled;
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

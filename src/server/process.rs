//! What the process keeps to itself: no core dumps, no debugger of the same user, and no swapping of what may be plain.

use rustix::fs::Mode;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask};

use crate::model::HostAssisted;

/// Why the process cannot be closed off.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// RLIMIT_CORE.
    #[error("core dumps cannot be turned off")]
    CoreDumps(#[source] std::io::Error),
    /// PR_SET_DUMPABLE.
    #[error("the process cannot be closed to debuggers")]
    Dumpable(#[source] std::io::Error),
}

/// Closes the process off, makes files its owner's alone, and keeps its memory from the swap. To be called before it knows a
/// secret.
///
/// Memory is locked where RLIMIT_MEMLOCK is unlimited; under a limit, a locked process would fail to allocate later on.
/// Where it is not locked, the log says so: the PIN is in it, and material where that may be plain on the host.
///
/// # Errors
/// Where the system refuses what every process may ask for.
pub fn harden(host_assisted: HostAssisted) -> Result<(), Error> {
    close_off()?;
    umask(Mode::RWXG | Mode::RWXO);
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    let locked = unlimited && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok();
    if !locked {
        tracing::warn!(
            host_assisted = host_assisted.as_str(),
            "memory is not locked and what is secret in it may be swapped to disk: raise RLIMIT_MEMLOCK to unlimited (LimitMEMLOCK=infinity)"
        );
    }
    Ok(())
}

/// Leaves no core dump behind and lets no debugger of the same user in.
///
/// # Errors
/// Where the system refuses what every process may ask for.
pub fn close_off() -> Result<(), Error> {
    // Whoever takes an image of the process all the same, as root can, gets none of its own memory (core(5)). First of all: a
    // process that is not dumpable may not write to its own files here. Where there is none, the rest holds.
    if let Err(error) = std::fs::write("/proc/self/coredump_filter", "0x0") {
        tracing::debug!(%error, "core images are not restricted");
    }
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(|error| Error::CoreDumps(error.into()))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| Error::Dumpable(error.into()))
}

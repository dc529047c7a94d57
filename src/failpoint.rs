//! Steps at which the crash tests end the process, the hard way.
//!
//! Without the feature `failpoints` this compiles to nothing, and no environment variable is read.

/// Ends the process by SIGKILL where `KEYFERRY_FAILPOINT` names this step.
#[cfg(feature = "failpoints")]
pub fn reach(step: &str) {
    if std::env::var_os("KEYFERRY_FAILPOINT").is_some_and(|named| named == step) {
        let _unreached = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Does nothing.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn reach(_step: &str) {}

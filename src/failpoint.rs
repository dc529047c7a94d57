//! Steps at which the crash tests end the process, the hard way.
//!
//! Without the feature `failpoints` this compiles to nothing, and no environment variable is read.

/// Ends the process by SIGKILL where `KEYFERRY_FAILPOINT` names this step, or the file that holds its name just then: so a
/// process can be told after it began to serve.
#[cfg(feature = "failpoints")]
pub fn reach(step: &str) {
    let Some(named) = std::env::var_os("KEYFERRY_FAILPOINT") else { return };
    let told = std::path::Path::new(&named);
    if named == step || (told.is_absolute() && std::fs::read_to_string(told).is_ok_and(|named| named == step)) {
        let _unreached = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Does nothing.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn reach(_step: &str) {}

//! A PKCS#11 module that forwards to another one, and fails as it is told to.
//!
//! `PKCS11_FAULTS_MODULE` names the real module. What fails, when and how is said by rules: in the file that
//! `PKCS11_FAULTS_SCRIPT` names, and, while the process runs, over the Unix socket that `PKCS11_FAULTS_SOCKET` names. The
//! commands are those of `command`; `deploy/faults.md` of the repository explains them.
//!
//! Nothing here holds a lock while the real module works: what hangs there hangs alone.

mod command;
// PKCS#11 is a C interface: pointers come from the caller and go to the real module as they are.
#[allow(unsafe_code)]
mod forward;
// The C allocator is asked.
#[allow(unsafe_code)]
mod heap;
mod rule;
mod rv;
mod socket;
mod state;

use state::State;

/// What has been ordered and what has happened, once a process: so is a PKCS#11 module.
static STATE: State = State::new();

/// Says on standard error what keeps the module from working as it was told: there is no other way to the caller.
#[allow(clippy::print_stderr)]
fn complain(what: &str) {
    eprintln!("pkcs11-faults: {what}");
}

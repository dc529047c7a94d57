//! The service beside its floor: `make bench`. A report of this machine in this run, never a test that can fail.
//!
//! The floor is the same PKCS#11 calls and the same durable commits in a bare loop, measured in turn with the service, one of
//! each: what else the machine does meanwhile then meets both. A goal that is missed is printed as missed, and the exit
//! code stays 0; it is another only where something could not be measured.
// Nothing of a bench is reachable, one that cannot measure may stop where it stands, and printing is what it is for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]
#![allow(missing_docs, unreachable_pub)]

// The tests need more of it than a bench does.
#[allow(dead_code, unused_imports, unused_macros)]
mod harness;
mod measures;

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Tells the process that measures from the one that prepares it.
const PREPARED: &str = "KEYFERRY_BENCH_PREPARED";

fn main() {
    if measures::errand::is_one() {
        return measures::errand::obey();
    }
    if std::env::var_os(PREPARED).is_none() {
        // Everything on the one disk that holds the build: often /tmp is memory, where nothing is durable and all is quick.
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let softhsm2 = place.join("bench-token").join("softhsm2.conf");
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(std::env::args_os().skip(1)).env(PREPARED, "1").env("TMPDIR", place).env("SOFTHSM2_CONF", softhsm2);
        panic!("the bench cannot run itself: {}", again.exec());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // Cargo says `--bench` to every bench.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    runtime.block_on(measures::run(&wanted));
}

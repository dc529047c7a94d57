//! What a process holds.

use std::fmt;
use std::time::Instant;

use crate::harness::record::Record;
use crate::harness::{Daemon, Faults};

/// What it holds just now.
pub(super) struct Figures {
    at: f64,
    /// KiB that are resident, its program and its libraries left out.
    pub(super) memory: u64,
    /// KiB that are allocated and not freed, the PKCS#11 module's among them.
    pub(super) heap: usize,
    pub(super) files: usize,
    pub(super) threads: usize,
    pub(super) sessions: usize,
    /// Objects of the token, by the record; but for pairs that were handed out in an answer that nobody got.
    pub(super) objects: usize,
}

impl Figures {
    pub(super) const HEAD: &str = "  seconds  memory KiB  heap KiB  files  threads  sessions  objects";

    pub(super) async fn of(daemon: &Daemon, faults: &mut Faults) -> Self {
        static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        let folder = format!("/proc/{}", daemon.pid());
        // The allocator gives back what it can, before it is weighed.
        let heap = faults.heap() / 1024;
        let status = std::fs::read_to_string(format!("{folder}/status")).unwrap();
        // Code is not counted: a page of it comes when it is first run, and in a soak all of it is at some time.
        let memory = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        let count = |what: &str| std::fs::read_dir(format!("{folder}/{what}")).unwrap().count();
        let record = Record::read(&daemon.installation).await;
        let pairs = record.wrapping_keys.values().filter(|state| *state != "issued").count();
        Self {
            at: BEGUN.get_or_init(Instant::now).elapsed().as_secs_f64(),
            memory: memory.trim().trim_end_matches(" kB").parse().unwrap(),
            heap,
            files: count("fd"),
            threads: count("task"),
            sessions: faults.open(),
            objects: record.materials.len() + pairs + record.unsettled.len(),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, memory, heap, files, threads, sessions, objects } = self;
        write!(f, "{at:9.0} {memory:11} {heap:9} {files:6} {threads:8} {sessions:9} {objects:8}")
    }
}

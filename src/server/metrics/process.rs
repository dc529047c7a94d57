//! The process, as Linux sees it, under the names that every Prometheus client gives: what is not known is left out.

use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use super::page::Page;

/// USER_HZ: what Linux counts processor time in, for programs to see.
const TICKS: f64 = 100.0;

static STARTED: LazyLock<f64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());

/// Takes down when the process began.
pub(super) fn begin() {
    LazyLock::force(&STARTED);
}

pub(super) fn tell(page: &mut Page) {
    let common = page.common();
    let started = Gauge::<f64, AtomicU64>::default();
    started.set(*STARTED);
    common.register("process_start_time_seconds", "When the process began, in Unix time", started);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| -> Option<i64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let open = std::fs::read_dir("/proc/self/fd").ok().map(Iterator::count).and_then(|open| i64::try_from(open).ok());
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let most = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok());
    let values = [
        (
            "process_resident_memory_bytes",
            "Memory of the process that is not swapped out",
            field("VmRSS").map(|kib| kib * 1024),
        ),
        ("process_threads", "Threads of the process", field("Threads")),
        ("process_open_fds", "Files and sockets that the process has open", open),
        ("process_max_fds", "Files and sockets that it may have open", most),
    ];
    for (name, help, value) in values {
        if let Some(value) = value {
            let gauge = Gauge::<i64>::default();
            gauge.set(value);
            common.register(name, help, gauge);
        }
    }
    if let Some(ticks) = processor_ticks() {
        let used = Counter::<f64, AtomicU64>::default();
        used.inc_by(f64::from(ticks) / TICKS);
        common.register("process_cpu_seconds", "Processor time that the process has used", used);
    }
}

/// The 14th and 15th field of proc_pid_stat(5), which stand behind a name in brackets.
fn processor_ticks() -> Option<u32> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u32>().ok();
    next()?.checked_add(next()?)
}

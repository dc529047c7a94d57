//! What the machine's processors did meanwhile: what a figure is bound by.

use std::time::Instant;

/// Ticks of all processors together, 100 a second, since the machine started.
pub struct Processors {
    busy: u64,
    waiting: u64,
    at: Instant,
}

impl Processors {
    pub fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/stat").unwrap();
        let all = stat.lines().next().unwrap();
        let ticks: Vec<u64> = all.split_whitespace().skip(1).map(|ticks| ticks.parse().unwrap()).collect();
        // proc_stat(5).
        let [user, nice, system, _idle, waiting, irq, softirq, ..] = ticks[..] else { panic!("too few columns: {all}") };
        Self { busy: user + nice + system + irq + softirq, waiting, at: Instant::now() }
    }

    /// How many were busy since then, with whatever it was, and how many had nothing to do but wait for the disk.
    pub fn since(&self) -> String {
        let now = Self::now();
        let of = |ticks: u64| ticks as f64 / 100.0 / (now.at - self.at).as_secs_f64();
        let (busy, waiting) = (of(now.busy - self.busy), of(now.waiting.saturating_sub(self.waiting)));
        format!("{busy:.1} processors busy, {waiting:.1} waiting for the disk")
    }
}

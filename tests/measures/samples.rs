//! Durations of one thing, done many times.

use std::time::{Duration, Instant};

/// How long each took, and how long all took together.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    sorted: Vec<Duration>,
    /// From the first beginning to the last end; the sum, where one followed the other.
    elapsed: Duration,
}

impl Samples {
    /// Of things done one after the other.
    pub fn in_turn(durations: Vec<Duration>) -> Self {
        let elapsed = durations.iter().sum();
        Self::within(durations, elapsed)
    }

    /// Of things some of which were done at once.
    pub fn within(mut durations: Vec<Duration>, elapsed: Duration) -> Self {
        assert!(!durations.is_empty(), "nothing was measured");
        durations.sort_unstable();
        Self { sorted: durations, elapsed }
    }

    /// Of several runs, one after the other.
    pub fn joined(runs: Vec<Self>) -> Self {
        let elapsed = runs.iter().map(|run| run.elapsed).sum();
        Self::within(runs.into_iter().flat_map(|run| run.sorted).collect(), elapsed)
    }

    /// The same, where all together took longer than until the last end.
    pub fn lasting(self, elapsed: Duration) -> Self {
        Self { elapsed, ..self }
    }

    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The duration that this percentage of all do not exceed, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.sorted.len() * percent).div_ceil(100).max(1);
        millis(self.sorted[rank - 1])
    }

    pub fn per_second(&self) -> f64 {
        self.sorted.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// How long `work` takes.
pub async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let began = Instant::now();
    let done = work.await;
    (began.elapsed(), done)
}

pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

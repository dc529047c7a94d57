//! Whether two sets of durations differ by more than chance.

use std::time::Duration;

/// Welch's t of the means: beyond ±4.5 the two are told apart (dudect, Reparaz et al. 2017).
pub fn welch(one: &[Duration], other: &[Duration]) -> f64 {
    let (one, other) = (Moments::of(one), Moments::of(other));
    (one.mean - other.mean) / (one.variance / one.count + other.variance / other.count).sqrt()
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(durations: &[Duration]) -> Self {
        let count = durations.len() as f64;
        let mean = durations.iter().map(Duration::as_secs_f64).sum::<f64>() / count;
        let squares: f64 = durations.iter().map(|duration| (duration.as_secs_f64() - mean).powi(2)).sum();
        Self { count, mean, variance: squares / (count - 1.0) }
    }
}

/// The two-sample Kolmogorov–Smirnov test: the probability that chance alone parts two samples of one distribution as far.
pub fn kolmogorov_smirnov(one: &[Duration], other: &[Duration]) -> f64 {
    let (mut one, mut other) = (one.to_vec(), other.to_vec());
    one.sort_unstable();
    other.sort_unstable();
    let share =
        |sorted: &[Duration], at: Duration| sorted.partition_point(|duration| *duration <= at) as f64 / sorted.len() as f64;
    let apart = one.iter().chain(&other).map(|at| (share(&one, *at) - share(&other, *at)).abs()).fold(0.0, f64::max);
    let size = (one.len() * other.len()) as f64 / (one.len() + other.len()) as f64;
    let lambda = (size.sqrt() + 0.12 + 0.11 / size.sqrt()) * apart;
    if lambda < 0.2 {
        return 1.0;
    }
    let term = |k: i32| (-1f64).powi(k - 1) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// Without the slowest of both together, as dudect does it: what else the machine does falls on anyone.
pub fn cropped(one: &[Duration], other: &[Duration], keep: f64) -> [Vec<Duration>; 2] {
    let mut all = [one, other].concat();
    all.sort_unstable();
    let most = all[((all.len() - 1) as f64 * keep) as usize];
    [one, other].map(|durations| durations.iter().copied().filter(|duration| *duration <= most).collect())
}

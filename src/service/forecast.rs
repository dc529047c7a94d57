//! When the token will be full, if things go on as they have.

use std::time::Duration;

use crate::model::Timestamp;
use crate::store::LoadSample;

/// How far back samples count.
pub(super) const SPAN: Duration = Duration::from_secs(6 * 60 * 60);

/// Samples over a shorter time say nothing: a pool that fills after a start is no trend.
const LEAST_SPAN: Duration = Duration::from_secs(10 * 60);

/// Further ahead than this nobody needs to look.
const HORIZON: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Where the number of objects goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Objects more in an hour; negative where they become fewer.
    pub per_hour: f64,
    /// Until there are as many as may be; `None` where that is more than a year ahead, or never.
    pub full_in: Option<Duration>,
}

impl Forecast {
    /// By the least-squares line through the samples of the last hours. `None` where they span too little time.
    pub(super) fn new(samples: &[LoadSample], now: Timestamp, live: u32, most: u32) -> Option<Self> {
        let since = now.before(SPAN);
        let points: Vec<(f64, f64)> = samples
            .iter()
            .filter(|sample| sample.at >= since && sample.at <= now)
            .map(|sample| (sample.at.since(since).as_secs_f64(), f64::from(sample.objects)))
            .chain([(SPAN.as_secs_f64(), f64::from(live))])
            .collect();
        let count = f64::from(u32::try_from(points.len()).ok()?);
        let (first, last) = (points.first()?.0, points.last()?.0);
        if last - first < LEAST_SPAN.as_secs_f64() {
            return None;
        }
        let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
        let (middle, level) = (mean(|point| point.0), mean(|point| point.1));
        let covariance: f64 = points.iter().map(|(at, objects)| (at - middle) * (objects - level)).sum();
        let variance: f64 = points.iter().map(|(at, _)| (at - middle).powi(2)).sum();
        let per_second = covariance / variance;
        let room = f64::from(most.saturating_sub(live));
        let full_in = (per_second > 0.0).then(|| room / per_second).filter(|seconds| *seconds <= HORIZON.as_secs_f64());
        Some(Self { per_hour: per_second * 3600.0, full_in: full_in.map(Duration::from_secs_f64) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// A sample so many minutes ago.
    fn ago(minutes: u64, objects: u32) -> LoadSample {
        LoadSample { at: NOW.before(Duration::from_secs(60 * minutes)), objects }
    }

    #[test]
    fn a_steady_rise_reaches_the_budget_when_arithmetic_says() {
        let samples: Vec<_> = (1..=12).rev().map(|n| ago(5 * n, 700 - u32::try_from(n).unwrap() * 25)).collect();
        let forecast = Forecast::new(&samples, NOW, 700, 1600).unwrap();
        assert!((forecast.per_hour - 300.0).abs() < 0.01, "{forecast:?}");
        assert_eq!(forecast.full_in.unwrap().as_secs_f64().round(), 3.0 * 3600.0);
    }

    #[test]
    fn what_falls_or_stands_still_is_never_full() {
        let falling = Forecast::new(&[ago(60, 900)], NOW, 600, 1000).unwrap();
        assert_eq!((falling.per_hour.round(), falling.full_in), (-300.0, None));
        let still = Forecast::new(&[ago(60, 600)], NOW, 600, 1000).unwrap();
        assert_eq!(still.full_in, None);
        let slow = Forecast::new(&[ago(300, 600)], NOW, 601, 1_000_000).unwrap();
        assert_eq!(slow.full_in, None, "in a hundred years");
    }

    #[test]
    fn a_full_token_is_full_now() {
        assert_eq!(Forecast::new(&[ago(60, 900)], NOW, 1200, 1000).unwrap().full_in, Some(Duration::ZERO));
    }

    #[test]
    fn old_samples_and_short_spans_say_nothing() {
        assert_eq!(Forecast::new(&[], NOW, 100, 1000), None);
        assert_eq!(Forecast::new(&[ago(9, 0)], NOW, 100, 1000), None);
        assert_eq!(Forecast::new(&[ago(361, 0)], NOW, 100, 1000), None);
        assert!(Forecast::new(&[ago(10, 0)], NOW, 100, 1000).is_some());
    }
}

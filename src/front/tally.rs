//! How many calls ended how, and how long they took: counted as each ends, for whoever asks later.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the histogram's buckets, in seconds: from what needs nothing but the record to the longest deadline in use.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// The counts. Clones are the same.
#[derive(Clone, Debug)]
pub struct Tally {
    ended: Family<Labels<3>, Counter>,
    took: Family<Labels<1>, Histogram, fn() -> Histogram>,
    under_way: Gauge,
}

impl Default for Tally {
    fn default() -> Self {
        let took = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self { ended: Family::default(), took, under_way: Gauge::default() }
    }
}

impl Tally {
    pub(super) fn begun(&self) {
        self.under_way.inc();
    }

    /// `code` is the reference's name of the error, or `OK`.
    pub(super) fn ended(&self, operation: &'static str, protocol: &'static str, code: &'static str, took: Duration) {
        self.under_way.dec();
        self.ended.get_or_create(&[("operation", operation), ("protocol", protocol), ("code", code)]).inc();
        self.took.get_or_create(&[("operation", operation)]).observe(took.as_secs_f64());
    }

    /// Puts the counts among what `registry` tells.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Calls that have ended, by the reference's name of their error or OK";
        registry.register("requests", help, self.ended.clone());
        let help = "How long calls took, from when they had been read to their answer";
        registry.register("request_duration_seconds", help, self.took.clone());
        registry.register("requests_under_way", "Calls that are not answered yet", self.under_way.clone());
    }
}

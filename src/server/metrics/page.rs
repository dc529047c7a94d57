//! A page of metrics under way: each is said once, with its value.

use std::fmt::Debug;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The labels of one value.
pub(super) type Labels = Vec<(&'static str, String)>;

/// Labels of these values.
pub(super) fn labels<const N: usize>(labels: [(&'static str, &str); N]) -> Labels {
    labels.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

/// Those of a token: of a further one with its label, and of the first without, as where there is one only.
pub(super) fn token_labels<const N: usize>(token: Option<&str>, labels: [(&'static str, &str); N]) -> Labels {
    let further = token.map(|label| ("token", label.to_owned()));
    labels.into_iter().map(|(name, value)| (name, value.to_owned())).chain(further).collect()
}

/// Metrics and their values.
#[derive(Debug, Default)]
pub(super) struct Page {
    own: Registry,
}

impl Page {
    /// What is encoded.
    pub(super) fn registry(&self) -> &Registry {
        &self.own
    }

    /// Where metrics are put whose names get the prefix.
    pub(super) fn own(&mut self) -> &mut Registry {
        self.own.sub_registry_with_prefix("keyferry")
    }

    /// Where metrics are put that go by the same name in every program.
    pub(super) fn common(&mut self) -> &mut Registry {
        &mut self.own
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Number) {
        let gauge = Gauge::<i64>::default();
        gauge.set(value.number());
        self.own().register(name, help, gauge);
    }

    pub(super) fn seconds(&mut self, name: &str, help: &str, value: Duration) {
        self.reals(name, help, [(Labels::new(), value.as_secs_f64())]);
    }

    /// `name` is without its `_total`.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        self.own().register(name, help, counter);
    }

    pub(super) fn gauges<N: Number>(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, N)>) {
        let gauges = Family::<Labels, Gauge>::default();
        for (labels, value) in values {
            gauges.get_or_create(&labels).set(value.number());
        }
        self.own().register(name, help, gauges);
    }

    pub(super) fn reals(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, f64)>) {
        let gauges = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        for (labels, value) in values {
            gauges.get_or_create(&labels).set(value);
        }
        self.own().register(name, help, gauges);
    }

    /// `name` is without its `_total`.
    pub(super) fn counters(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, u64)>) {
        let counters = Family::<Labels, Counter>::default();
        for (labels, value) in values {
            counters.get_or_create(&labels).inc_by(value);
        }
        self.own().register(name, help, counters);
    }
}

/// What a gauge can show.
pub(super) trait Number: Debug {
    /// The number, or the largest that there is.
    fn number(self) -> i64;
}

impl<T: TryInto<i64> + Debug> Number for T {
    fn number(self) -> i64 {
        self.try_into().unwrap_or(i64::MAX)
    }
}

//! How the service is, and the house that it keeps: rounds of the janitor, the audit log, keys and what is left over.

use std::time::Duration;

use prometheus_client::metrics::info::Info;

use super::page::{Labels, Page, labels};
use crate::service::{Census, HORIZONS, Health, Service};

pub(super) fn tell_health(page: &mut Page, health: &Health) {
    page.gauge("ready", "Whether everything is there that calls need", u8::from(health.is_ready()));
    let parts = || health.parts().iter();
    let up = parts().map(|part| (labels([("part", &part.name())]), u8::from(part.trouble.is_none())));
    page.gauges("up", "Whether a part serves that calls need", up);
    let troubles = parts().filter_map(|part| {
        let trouble = part.trouble.as_ref()?;
        Some((labels([("part", &part.name()), ("reason", trouble.name)]), 1_u8))
    });
    page.gauges("trouble", "Why a part does not serve; absent where it does", troubles);
    let since = parts().map(|part| {
        let millis = u64::try_from(part.since.as_millis()).unwrap_or_default();
        (labels([("part", &part.name())]), Duration::from_millis(millis).as_secs_f64())
    });
    page.reals("up_changed_timestamp_seconds", "When a part began to serve, or ceased to, in Unix time", since);
}

pub(super) fn tell(page: &mut Page, service: &Service) {
    let build = vec![("version", env!("CARGO_PKG_VERSION"))];
    page.own().register("build", "The program", Info::new(build));
    let rounds = service.rounds();
    page.counter("janitor_rounds", "Rounds of the janitor that were done", rounds.done);
    page.counter("janitor_failures", "Rounds of the janitor that broke off", rounds.broken_off);
    let help = "Since the last round of the janitor that was done, or since the start";
    page.seconds("janitor_last_round_age_seconds", help, rounds.since_good);
    let audit = service.gate().audit();
    page.counter("audit_lines", "Lines of the audit log, those of its old files among them", audit.lines());
    page.gauge("audit_lines_unsigned", "Lines of the audit log since its last checkpoint", audit.unsigned());
    page.counter("audit_lines_unforwarded", "Lines that were not taken where they are forwarded to", audit.lost());
}

pub(super) fn tell_census(page: &mut Page, census: &Census) {
    let Census { at, keys, ending, mortal, next_end, pending, doomed, untold } = census;
    let keys = keys.iter().map(|(state, count)| (labels([("state", state.as_str())]), *count));
    page.gauges("keys", "Keys on record", keys);
    let within = HORIZONS.iter().zip(ending).map(|((name, _), count)| (labels([("within", name)]), *count));
    let within = within.chain([(labels([("within", "ever")]), *mortal)]);
    page.gauges("materials_expiring", "Key materials that end within a time, those of shorter times among them", within);
    let until = next_end.map(|end| (Labels::new(), end.since(*at).as_secs_f64() - at.since(end).as_secs_f64()));
    let help = "Until the next key material ends; negative where one is over and not destroyed yet";
    page.reals("materials_next_expiry_seconds", help, until);
    page.gauge("imports_pending", "Imports that wait for approval", *pending);
    page.gauge("doomed_objects", "Objects that are of no more use and not known to be gone from the token", *doomed);
    page.gauge("keys_untold", "Multi-Region keys of which another Region has still to hear something", *untold);
}

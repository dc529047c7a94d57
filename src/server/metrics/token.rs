//! The token, as those who talk to it find it.

use super::page::{Page, labels};
use crate::hsm::{Queue, Vitals};

pub(super) fn tell(page: &mut Page, vitals: &Vitals) {
    let Vitals { condition: _, queues, reopened, relogins, reinitialised, epoch, hanging, most_hanging, faults } = vitals;
    let of = |value: fn(&Queue) -> usize| {
        queues.iter().map(move |queue| (labels([("queue", queue.name)]), value(queue))).collect::<Vec<_>>()
    };
    page.gauges("token_queue_waiting", "Calls to the token that wait for a session", of(|queue| queue.waiting));
    page.gauges("token_queue_most", "Calls to the token that may wait", of(|queue| queue.capacity));
    page.gauges("token_sessions", "Sessions with the token that are open", of(|queue| queue.sessions));
    page.counter("token_sessions_reopened", "Sessions opened because another was lost", *reopened);
    page.counter("token_relogins", "Logins to the token after the first", *relogins);
    page.counter("token_reinitialisations", "Times the PKCS#11 module was initialised after the first", *reinitialised);
    page.gauge("token_handle_epoch", "Times that all object handles were forgotten", *epoch);
    page.gauge("token_calls_hanging", "Calls to the token that do not come back", *hanging);
    page.gauge("token_calls_hanging_most", "With so many, another process is asked for; 0 for no bound", *most_hanging);
    let faults = faults.iter().map(|(ckr, count)| (labels([("ckr", ckr)]), *count));
    page.counters("token_faults", "What the token answered other than CKR_OK", faults);
}

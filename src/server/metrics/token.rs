//! The tokens, as those who talk to them find them.

use super::page::{Labels, Page, token_labels};
use crate::hsm::{Queue, Vitals};

/// The first has no label of its own; a further one has that of the token.
pub(super) fn tell(page: &mut Page, tokens: &[(Option<&str>, Vitals)]) {
    let of_queues = |value: fn(&Queue) -> usize| {
        let of = |(token, vitals): &(Option<&str>, Vitals)| {
            let queues = vitals.queues.iter();
            queues.map(|queue| (token_labels(*token, [("queue", queue.name)]), value(queue))).collect::<Vec<_>>()
        };
        tokens.iter().flat_map(of).collect::<Vec<_>>()
    };
    page.gauges("token_queue_waiting", "Calls to the token that wait for a session", of_queues(|queue| queue.waiting));
    page.gauges("token_queue_most", "Calls to the token that may wait", of_queues(|queue| queue.capacity));
    page.gauges("token_sessions", "Sessions with the token that are open", of_queues(|queue| queue.sessions));
    let of = |value: fn(&Vitals) -> u64| each(tokens, value);
    let help = "Sessions opened because another was lost";
    page.counters("token_sessions_reopened", help, of(|vitals| vitals.reopened));
    page.counters("token_relogins", "Logins to the token after the first", of(|vitals| vitals.relogins));
    let help = "Times the PKCS#11 module was initialised after the first";
    page.counters("token_reinitialisations", help, of(|vitals| vitals.reinitialised));
    page.gauges("token_handle_epoch", "Times that all object handles were forgotten", of(|vitals| vitals.epoch));
    let help = "Calls to the token that do not come back";
    page.gauges("token_calls_hanging", help, each(tokens, |vitals| vitals.hanging));
    let help = "With so many, another process is asked for; 0 for no bound";
    page.gauges("token_calls_hanging_most", help, each(tokens, |vitals| vitals.most_hanging));
    let faults = tokens.iter().flat_map(|(token, vitals)| {
        let faults = vitals.faults.iter();
        faults.map(|(ckr, count)| (token_labels(*token, [("ckr", ckr)]), *count)).collect::<Vec<_>>()
    });
    page.counters("token_faults", "What the token answered other than CKR_OK", faults);
}

fn each<N>(tokens: &[(Option<&str>, Vitals)], value: fn(&Vitals) -> N) -> Vec<(Labels, N)> {
    tokens.iter().map(|(token, vitals)| (token_labels(*token, []), value(vitals))).collect()
}

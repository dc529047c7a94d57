//! A pool that fills from nothing, as fast as the token makes keys, and then is emptied at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keyferry::model::{ObjectId, WrappingKeySpec};

use super::floor::token::BareToken;
use super::load::{ALGORITHM, at_once};
use super::pair;
use super::pool::{Marks, Pools, Watch};
use super::report::{Goal, Report};
use super::stock::bits;
use crate::harness::{Client, Daemon};

const SPEC: WrappingKeySpec = WrappingKeySpec::Rsa2048;
/// The pool, and the calls that empty it.
const PAIRS: usize = 1000;
const IN_FLIGHT: usize = 64;
/// Sessions that fill, and threads of the bare loop: one for each core.
const SESSIONS: usize = 2;
/// Connections that the calls come by.
const CONNECTIONS: usize = 4;
/// Pairs of the bare loop, half of them before the pool fills and half after: how long a prime takes to find varies widely.
const BARE_PAIRS: usize = 400;

pub async fn measure(report: &mut Report) {
    let before = bare_loop(BARE_PAIRS / 2);
    // Low is one: what is handed out is not made anew while the burst lasts.
    let pools = Pools { sessions: SESSIONS, rsa_2048: Marks { low: 1, high: PAIRS }, ..Pools::STILL };
    let daemon = Daemon::serve(pools.install(), &[]);
    let refill = refill(&daemon).await;
    burst(&daemon, report).await;
    drop(daemon);
    let bare = BARE_PAIRS as f64 / (before + bare_loop(BARE_PAIRS / 2)).as_secs_f64();
    report.figure(format!("{SPEC} pairs a second into the pool"), Goal::RatioAtLeast(0.95), refill, Some(bare));
}

/// Pairs a second, from the second one on: the first says when filling had begun.
async fn refill(daemon: &Daemon) -> f64 {
    let watch = Watch::over(&daemon.installation);
    let mut first = None;
    loop {
        let ready = watch.ready(SPEC).await;
        let (began, had) = *first.get_or_insert((Instant::now(), ready));
        if had == 0 && ready > 0 {
            first = Some((Instant::now(), ready));
        } else if ready >= PAIRS {
            return (ready - had) as f64 / began.elapsed().as_secs_f64();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn burst(daemon: &Daemon, report: &mut Report) {
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(daemon.client().await);
    }
    let key = clients[0].create_symmetric().await.key_id;
    let call = move |number: usize| {
        let (client, key) = (clients[number % CONNECTIONS].clone(), key.clone());
        async move { client.parameters(&key, ALGORITHM, SPEC).await.map(drop) }
    };
    let outcome = at_once(PAIRS, IN_FLIGHT, call).await;
    report.samples(&format!("burst of {PAIRS}, {IN_FLIGHT} in flight"), &outcome.samples);
    let per_second = outcome.samples.per_second();
    report.figure(
        format!("burst of {PAIRS} calls, {IN_FLIGHT} in flight, calls a second"),
        Goal::AtLeast(1000.0),
        per_second,
        None,
    );
    if let Some(refusal) = &outcome.refusal {
        eprintln!("  {} calls of the burst were refused, one with {refusal:?}", outcome.refused);
    }
    report.figure("calls of the burst that were refused", Goal::AtMost(0.0), outcome.refused as f64, None);
}

/// How long as many threads as the pool has sessions take for so many pairs.
fn bare_loop(pairs: usize) -> Duration {
    let token = BareToken::new();
    let changing = std::sync::Mutex::new(());
    let sessions: Vec<_> = (0..SESSIONS).map(|_| token.another_session()).collect();
    let (begun, changing) = (AtomicUsize::new(0), &changing);
    let begun = &begun;
    let began = Instant::now();
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            for session in sessions {
                scope.spawn(move || {
                    while begun.fetch_add(1, Ordering::Relaxed) < pairs {
                        let made = pair::generate(&session, bits(SPEC));
                        let _changing = changing.lock().unwrap();
                        made.copy(&session, &ObjectId::random());
                        made.destroy(&session);
                    }
                });
            }
        });
    });
    began.elapsed()
}

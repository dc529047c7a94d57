//! `make soak MINUTES=n`: load of every kind for minutes or hours, over a token that fails again and again. Whatever was acknowledged
//! is used all the while; and what the service holds (memory, files, threads, sessions, objects) is at the end what it was before.
// It is run to be read.
#![allow(clippy::print_stdout)]

mod faults;
mod figures;
mod load;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use crate::harness::daemon::field;
use crate::harness::{Client, Daemon, Faults, Installation, Settings, audit, postgres};
use figures::Figures;
use load::Ledger;

/// Callers at once.
const CALLERS: usize = 6;

/// Keys that the ledger holds at most; then the oldest are deleted.
const KEPT: usize = 200;

/// How often the process is weighed.
const WEIGHED: Duration = Duration::from_secs(10);

/// KiB that may be allocated at the end beyond those at the beginning. SoftHSM2's part is freed before either is weighed, so that this
/// is for the service: tables that have grown, and one connection more or less.
const MORE_HEAP: usize = 512;

/// KiB that may be resident at the end beyond those at the beginning, code left out: pages that what was freed shares with what was not.
const MORE_MEMORY: u64 = 8 * 1024;

/// A sample of everything that is to come back to where it was.
const SETTINGS: &str = "\
[pool]
rsa_2048 = { low = 8, high = 16 }
rsa_3072 = { low = 0, high = 0 }
rsa_4096 = { low = 0, high = 0 }
";

#[ignore = "takes as long as one likes: make soak MINUTES=10"]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_grows() {
    let minutes: f64 = std::env::var("MINUTES").map_or(1.0, |minutes| minutes.parse().expect("MINUTES is a number"));
    // Not SQLite, which is in the process: its five caches grow with the record, each to 2 MB, and a leak could hide behind them.
    let store_url = Some(postgres::database().await);
    let installation =
        Installation::new(Settings { faults: true, more: SETTINGS.to_owned(), store_url, ..Settings::default() });
    installation.edit_config("host_assisted = ", "longest_call_seconds = 2\nhost_assisted = ");
    // What each thread keeps of what was freed would count as allocated.
    let daemon = Daemon::serve(installation, &[("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0")]);
    let (client, ledger) = (daemon.client().await, Arc::new(Ledger::default()));
    let mut faults = Faults::of(&daemon.installation);
    let sessions = faults.open();

    // What is allocated once is, before the first weighing: by every fault, and by as many keys as there will be.
    println!("{}", Figures::HEAD);
    trouble(&daemon, &ledger, faults::round()).await;
    let before = at_rest(&daemon, &client, &ledger, &mut faults, sessions).await;
    println!("{before}   and the module initialised anew");

    let plagued = trouble(&daemon, &ledger, Duration::from_secs_f64(60.0 * minutes)).await;
    // Every one that was acknowledged, once more; then they go.
    load::check_all(&client, &ledger).await;
    let after = at_rest(&daemon, &client, &ledger, &mut faults, sessions).await;
    println!("{after}   and the module initialised anew\n\n{}\n\n{plagued}", ledger.told());
    assert_eq!((after.sessions, after.threads, after.objects), (before.sessions, before.threads, before.objects));
    // The keys' own connections to the record may come and go.
    assert!(after.files <= before.files + 8, "files: {} and then {}", before.files, after.files);
    assert!(after.heap <= before.heap + MORE_HEAP, "KiB allocated: {} and then {}", before.heap, after.heap);
    assert!(after.memory <= before.memory + MORE_MEMORY, "KiB resident: {} and then {}", before.memory, after.memory);
    drop(client);
    let installation = daemon.terminate();
    audit::assert_sound(&installation, &ledger.keys()).await;
}

/// Load and faults for so long; what the faults were.
async fn trouble(daemon: &Daemon, ledger: &Arc<Ledger>, time: Duration) -> String {
    let (stop, stopped) = watch::channel(false);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (client, ledger, stopped) = (daemon.client().await, Arc::clone(ledger), stopped.clone());
        callers.spawn(async move {
            while !*stopped.borrow() {
                load::errand(&client, &ledger).await;
                load::forget_the_oldest(&client, &ledger, KEPT).await;
            }
        });
    }
    callers.spawn(load::check(daemon.client().await, Arc::clone(ledger), stopped.clone()));
    let sick = tokio::task::spawn_blocking({
        let (socket, ledger) = (Faults::of(&daemon.installation), Arc::clone(ledger));
        move || faults::plague(socket, &ledger, &stopped)
    });
    let mut faults = Faults::of(&daemon.installation);
    let until = Instant::now() + time;
    while Instant::now() < until {
        tokio::time::sleep(WEIGHED.min(until.saturating_duration_since(Instant::now()))).await;
        println!("{}", Figures::of(daemon, &mut faults).await);
    }
    stop.send_replace(true);
    let plagued = sick.await.unwrap();
    while let Some(ended) = callers.join_next().await {
        ended.unwrap_or_else(|error| panic!("{error}; the service's last words:\n{}", last_words(daemon)));
    }
    plagued
}

fn last_words(daemon: &Daemon) -> String {
    let log = daemon.log();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(200)..].join("\n")
}

/// What the process holds once no key is left and nothing is done any more. Before it is weighed the PKCS#11 module is initialised
/// anew: SoftHSM2 keeps a kilobyte of every object that was destroyed until then, which is for the module's own test to say.
async fn at_rest(daemon: &Daemon, client: &Client, ledger: &Ledger, faults: &mut Faults, sessions: usize) -> Figures {
    load::forget_the_oldest(client, ledger, 0).await;
    load::quiet(daemon).await;
    println!("{}   at rest", Figures::of(daemon, faults).await);
    let anew = |line: &Value| field(line, "message") == "the PKCS#11 module was initialised anew";
    let so_far = daemon.log().lines().filter_map(|line| serde_json::from_str(line).ok()).filter(anew).count();
    faults.ask("absent");
    daemon.wait_for_logs(so_far + 1, anew);
    faults.ask("present");
    load::all_sessions(faults, sessions).await;
    load::quiet(daemon).await;
    Figures::of(daemon, faults).await
}

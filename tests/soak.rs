//! `make soak MINUTES=n`: load of every kind for minutes or hours, over a token that fails again and again. Whatever was acknowledged
//! is used all the while; and what the service holds (memory, files, threads, sessions, objects) is at the end what it was before.

mod faults;
mod figures;
mod load;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::harness::{Daemon, Faults, Installation, Settings, audit};
use figures::Figures;
use load::Ledger;

/// Callers at once.
const CALLERS: usize = 6;

/// Keys that the ledger holds at most; then the oldest are deleted.
const KEPT: usize = 200;

/// How often the process is weighed.
const WEIGHED: Duration = Duration::from_secs(10);

/// How much more memory it may hold at the end than when it was warm: allocators keep some.
const MORE_MEMORY: u64 = 64 * 1024;

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
    let installation = Installation::new(Settings { faults: true, more: SETTINGS.to_owned(), ..Settings::default() });
    installation.edit_config("host_assisted = ", "longest_call_seconds = 2\nhost_assisted = ");
    let daemon = Daemon::serve(installation, &[]);
    let ledger = Arc::new(Ledger::default());
    let (stop, stopped) = watch::channel(false);

    // What is allocated once is, before the first weighing.
    let client = daemon.client().await;
    for _ in 0..8 {
        load::errand(&client, &ledger).await;
    }
    load::forget_the_oldest(&client, &ledger, 0).await;
    load::quiet(&daemon).await;
    let mut faults = Faults::of(&daemon.installation);
    let before = Figures::of(&daemon, &mut faults).await;
    println!("{}\n{before}", Figures::HEAD);

    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (client, ledger, stopped) = (daemon.client().await, Arc::clone(&ledger), stopped.clone());
        callers.spawn(async move {
            while !*stopped.borrow() {
                load::errand(&client, &ledger).await;
                load::forget_the_oldest(&client, &ledger, KEPT).await;
            }
        });
    }
    let checker = tokio::spawn(load::check(daemon.client().await, Arc::clone(&ledger), stopped.clone()));
    let sick = tokio::task::spawn_blocking({
        let socket = Faults::of(&daemon.installation);
        let stopped = stopped.clone();
        move || faults::plague(socket, &stopped)
    });
    let until = Instant::now() + Duration::from_secs_f64(60.0 * minutes);
    while Instant::now() < until {
        tokio::time::sleep(WEIGHED.min(until.saturating_duration_since(Instant::now()))).await;
        println!("{}", Figures::of(&daemon, &mut faults).await);
    }
    stop.send_replace(true);
    let plagued = sick.await.unwrap();
    faults.clear();
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    checker.await.unwrap();

    // Every one that was acknowledged, once more; then they go.
    load::check_all(&client, &ledger).await;
    let told = ledger.told();
    load::forget_the_oldest(&client, &ledger, 0).await;
    load::quiet(&daemon).await;
    let after = Figures::of(&daemon, &mut faults).await;
    println!("{after}\n\n{told}\n\n{plagued}");
    assert_eq!((after.sessions, after.threads, after.objects), (before.sessions, before.threads, before.objects));
    // The keys' own connections to the record may come and go.
    assert!(after.files <= before.files + 8, "files: {} and then {}", before.files, after.files);
    assert!(after.memory <= before.memory + MORE_MEMORY, "KiB: {} and then {}", before.memory, after.memory);
    drop(client);
    let installation = daemon.terminate();
    audit::assert_sound(&installation, &ledger.keys()).await;
}

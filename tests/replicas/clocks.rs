//! A replica whose clock is off does not start, and one whose clock goes off says so.

use std::time::Duration;

use keyferry::clock::{Clock, SetClock, SystemClock};
use keyferry::service::{StartError, require_clock};
use keyferry::store::Store;

use super::execute;
use crate::harness::daemon::field;
use crate::harness::{Daemon, Installation, Settings, postgres};

const MOST: Duration = Duration::from_secs(30);

/// Gives a database another clock than the machine's: so many seconds ahead of it. What it is asked by name it finds there first.
async fn set_ahead(store_url: &str, seconds: i32) {
    let sql = format!(
        "CREATE SCHEMA IF NOT EXISTS clocks; \
         CREATE OR REPLACE FUNCTION clocks.clock_timestamp() RETURNS timestamptz LANGUAGE sql \
         AS 'SELECT pg_catalog.clock_timestamp() + {seconds} * interval ''1 second'''; \
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = clocks, pg_catalog, public', current_database()); END $$"
    );
    execute(store_url, &sql).await;
}

fn on(store_url: &str) -> Settings {
    Settings { store_url: Some(store_url.to_owned()), ..Settings::default() }
}

#[tokio::test]
async fn a_service_whose_clock_is_off_does_not_start_and_says_by_how_much() {
    let url = postgres::database().await;
    set_ahead(&url, 0).await;
    let installation = Installation::new(on(&url));
    for (seconds, said) in [(45, "s behind the database's"), (-45, "s ahead of the database's")] {
        set_ahead(&url, seconds).await;
        let refusal = Daemon::refusal_to_start(&installation);
        for part in [said, "45.0", "store.max_clock_skew_seconds permits 30 s", "NTP"] {
            // It takes a moment until it is asked, and what is not certain does not count.
            assert!(refusal.contains(part) || (part == "45.0" && refusal.contains("44.9")), "{part}: {refusal}");
        }
    }
    set_ahead(&url, 20).await;
    Daemon::serve(installation, &[]).terminate();
}

#[tokio::test]
async fn a_service_whose_clock_goes_off_says_so_and_goes_on() {
    let url = postgres::database().await;
    set_ahead(&url, 0).await;
    let daemon = Daemon::serve(Installation::new(on(&url)), &[]);
    set_ahead(&url, 45).await;
    let off = daemon.wait_for_log(|line| field(line, "message") == "the clock is off");
    assert_eq!(off["level"], "ERROR");
    assert!(field(&off, "error").as_str().unwrap().contains("s behind the database's"), "{off}");
    let client = daemon.client().await;
    client.create_symmetric().await;
    drop(client);
    daemon.terminate();
}

#[tokio::test]
async fn a_clock_may_be_as_far_off_as_the_bound_and_no_further() {
    let store = Store::open(&postgres::database().await).await.unwrap();
    let clock = SetClock::at(SystemClock.now());
    require_clock(&store, &clock, MOST).await.unwrap();
    clock.advance(MOST - Duration::from_secs(5));
    require_clock(&store, &clock, MOST).await.unwrap();
    clock.advance(Duration::from_secs(30));
    let refused = require_clock(&store, &clock, MOST).await.unwrap_err();
    assert!(matches!(refused, StartError::Clock { .. }), "{refused}");
    require_clock(&store, &clock, 2 * MOST).await.unwrap();
}

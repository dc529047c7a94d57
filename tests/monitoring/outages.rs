//! What is told while something is gone that calls need, and how soon it is told that it is back.

use std::time::{Duration, Instant};

use keyferry::proto as pb;
use tonic_health::pb::health_check_response::ServingStatus;

use super::health::{EACH, Watch, part, serving};
use super::{get, value, watched};
use crate::call;
use crate::harness::postgres::Cluster;
use crate::harness::{Daemon, Settings};

/// How long the service's return is waited for after something's; what it takes is printed.
const HEALED: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_is_told_everywhere_and_so_is_its_return() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let daemon = Daemon::start(Settings { store_url: Some(cluster.any_url()), ..watched() });
    let client = daemon.client().await;
    let (ready, told) = get(&daemon, "/readyz");
    assert!(ready == 200 && told.starts_with("token: ok since ") && told.lines().count() == 3, "{told}");
    assert_eq!(serving(&client).await, EACH);
    let store = part(&client, "store").await;
    assert!(store.serving && store.reason.is_empty() && store.since.is_some(), "{store:?}");

    let mut watch = Watch::begin(&client, "keyferry.v1.ImportService").await;
    watch.until(ServingStatus::Serving).await;
    cluster.stop();
    let stopped = Instant::now();
    watch.until(ServingStatus::NotServing).await;
    let noticed = stopped.elapsed();
    assert!(noticed < HEALED, "it takes {noticed:?} to notice");
    let (ready, told) = get(&daemon, "/readyz");
    assert!(
        ready == 503 && told.contains("\nstore: store-unreachable since ") && told.contains("audit: ok since "),
        "{told}"
    );
    assert_eq!(get(&daemon, "/livez"), (200, "alive\n".to_owned()), "to start another process would not help");
    let (status, told) = get(&daemon, "/metrics");
    assert_eq!(
        (status, value(&told, "keyferry_ready"), value(&told, r#"keyferry_up{part="store"}"#)),
        (200, Some(0.0), Some(0.0))
    );
    assert_eq!(value(&told, r#"keyferry_up{part="token"}"#), Some(1.0));
    assert_eq!(value(&told, r#"keyferry_trouble{part="store",reason="store-unreachable"}"#), Some(1.0), "{told}");
    for of_the_record in ["keyferry_keys{", "keyferry_token_objects ", "keyferry_materials_expiring{"] {
        assert!(!told.contains(of_the_record), "{told}");
    }
    assert_eq!(serving(&client).await, ["keyferry.v1.OperatorService"]);
    let store = part(&client, "store").await;
    assert!(!store.serving && store.reason.starts_with("database unreachable: "), "{store:?}");

    cluster.restart();
    let returned = Instant::now();
    watch.until(ServingStatus::Serving).await;
    let healed = returned.elapsed();
    println!("noticed after {noticed:?}, healed after {healed:?}");
    assert!(healed < HEALED, "it takes {healed:?} to heal");
    client.create_symmetric().await;
    assert_eq!(get(&daemon, "/readyz").0, 200);
    assert_eq!(serving(&client).await, EACH);
    assert!(part(&client, "store").await.serving);
    assert!(get(&daemon, "/metrics").1.contains("keyferry_keys{"));
}

#[tokio::test]
async fn an_audit_log_that_cannot_be_written_is_told_as_it_happens() {
    let daemon = Daemon::start(watched());
    let client = daemon.client().await;
    let mut watch = Watch::begin(&client, "keyferry.v1.KeyService").await;
    watch.until(ServingStatus::Serving).await;
    let (log, away) = (daemon.installation.file("audit.jsonl"), daemon.installation.file("elsewhere.jsonl"));
    std::fs::rename(&log, &away).unwrap();
    call!(client.keys(), create_key, pb::CreateKeyRequest::default()).unwrap_err();
    watch.until(ServingStatus::NotServing).await;
    let (ready, told) = get(&daemon, "/readyz");
    assert!(ready == 503 && told.contains("\naudit: audit-unwritable since "), "{told}");
    assert_eq!(serving(&client).await, ["keyferry.v1.OperatorService"]);
    let (_, told) = get(&daemon, "/metrics");
    assert_eq!(value(&told, r#"keyferry_trouble{part="audit",reason="audit-unwritable"}"#), Some(1.0), "{told}");
    // The record is there, and so is what it knows.
    assert!(told.contains("keyferry_token_objects "), "{told}");

    std::fs::rename(&away, &log).unwrap();
    let returned = Instant::now();
    watch.until(ServingStatus::Serving).await;
    assert!(returned.elapsed() < HEALED, "{:?}", returned.elapsed());
    assert_eq!(get(&daemon, "/readyz").0, 200);
}

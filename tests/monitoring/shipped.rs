//! What is shipped for monitoring names what there is: metrics that the service tells, and help for each alert. That all of it
//! evaluates is seen by `make monitoring`.

use std::collections::BTreeSet;

use super::{get, watched};
use crate::harness::Daemon;

const ALERTS: &str = include_str!("../../deploy/monitoring/alerts.yml");
const ALERTS_TEST: &str = include_str!("alerts_test.yml");
const DASHBOARD: &str = include_str!("../../deploy/monitoring/dashboard.json");
const OPERATIONS: &str = include_str!("../../deploy/operations.md");
const README: &str = include_str!("../../README.md");

/// What has a value only now and then: when something is wrong, or asked for, or known.
const NOW_AND_THEN: [&str; 8] = [
    "keyferry_materials_next_expiry_seconds",
    "keyferry_pool_dry_in_seconds",
    "keyferry_pool_marks",
    "keyferry_pool_pairs",
    "keyferry_token_faults_total",
    "keyferry_token_full_in_seconds",
    "keyferry_token_objects_per_hour",
    "keyferry_trouble",
];

/// Names of metrics in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("keyferry_") || word.starts_with("process_")).collect()
}

/// Names that the service tells.
fn told(told: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in told.lines() {
        let Some(of) = line.strip_prefix("# TYPE ") else { continue };
        let (name, kind) = of.split_once(' ').unwrap();
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            _ => &[""],
        };
        names.extend(endings.iter().map(|ending| format!("{name}{ending}")));
    }
    names
}

#[tokio::test]
async fn every_metric_that_is_named_is_told_and_the_readme_has_each_that_is_told() {
    let daemon = Daemon::start(watched());
    daemon.client().await.create_symmetric().await;
    let told = told(&get(&daemon, "/metrics").1);
    let is_told = |name: &str| told.contains(name) || NOW_AND_THEN.contains(&name);
    for (file, text) in
        [("alerts", ALERTS), ("their tests", ALERTS_TEST), ("dashboard", DASHBOARD), ("operations", OPERATIONS)]
    {
        for name in named(text) {
            assert!(is_told(name), "{file}: nobody tells {name}");
        }
    }
    let table = README.split_once("\n### Metrics\n").unwrap().1.split_once("\n## ").unwrap().0;
    let of_histogram = |name: &str| name == "keyferry_request_duration_seconds";
    for name in named(table) {
        assert!(is_told(name) || of_histogram(name), "README: nobody tells {name}");
    }
    for name in told.iter().map(String::as_str).chain(NOW_AND_THEN) {
        let in_table = named(table).contains(name) || name.starts_with("keyferry_request_duration_seconds_");
        assert!(in_table, "{name} is not in the README's table");
    }
}

#[test]
fn every_alert_is_explained_where_it_points_to_and_has_been_seen_to_fire_and_to_be_quiet() {
    let alerts: Vec<&str> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 15, "{alerts:?}");
    for alert in &alerts {
        assert!(OPERATIONS.contains(&format!("\n### {alert}\n")), "{alert} is not explained");
        let pointer = format!("runbook: deploy/operations.md#{}\n", alert.to_lowercase());
        assert!(ALERTS.contains(&pointer), "{alert} points nowhere");
        for seen in ["fires", "is quiet"] {
            assert!(ALERTS_TEST.contains(&format!("- name: {alert} {seen}\n")), "{alert} is not tested: {seen}");
        }
    }
    for member in ["summary:", "description:", "runbook:", "severity:"] {
        assert_eq!(ALERTS.matches(member).count(), alerts.len(), "{member}");
    }
}

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

/// Names of metrics in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("keyferry_") || word.starts_with("process_")).collect()
}

/// Names that the service tells, with or without a value just now.
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
    assert!(told.len() > 40, "{told:?}");
    for (file, text) in
        [("alerts", ALERTS), ("their tests", ALERTS_TEST), ("dashboard", DASHBOARD), ("operations", OPERATIONS)]
    {
        for name in named(text) {
            assert!(told.contains(name), "{file}: nobody tells {name}");
        }
    }
    for name in &told {
        let name = name.strip_suffix("_count").or_else(|| name.strip_suffix("_sum")).unwrap_or(name);
        let name = name.strip_suffix("_bucket").unwrap_or(name);
        assert!(README.contains(name), "{name} is not in the table of metrics");
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

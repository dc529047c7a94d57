//! Every function that an issue and an import call, at every call of it, through every return value.

use super::cases::{self, Doing};
use super::scene::{Outcome, STOCK, Scene};
use super::table;

/// In the environment: `all` cases are tried, and not a sample of them.
const ALL: &str = "KEYFERRY_TEST_FAULTS";

/// How many cases a sample has: as many as end within a minute.
fn sample(doing: Doing) -> usize {
    match doing {
        Doing::Issue => 16,
        Doing::Make => 12,
        Doing::Import => 40,
        Doing::Heal => 16,
    }
}

/// How many cases one daemon sees: its token gets slower with each key.
const A_TOKEN: usize = 10 * STOCK;

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_survives_every_fault_of_the_token() {
    survives(Doing::Issue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_making_of_a_pair_survives_every_fault_of_the_token() {
    survives(Doing::Make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_survives_every_fault_of_the_token() {
    survives(Doing::Import).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_healing_of_a_lost_login_survives_every_fault_of_the_token() {
    survives(Doing::Heal).await;
}

async fn survives(doing: Doing) {
    let mut scene = Scene::new(doing).await;
    let calls = scene.learn(doing).await;
    println!("{doing:?}: {calls:?}");
    let mut cases = cases::all(doing, calls);
    if std::env::var(ALL).as_deref() != Ok("all") {
        cases = cases::sample(cases, sample(doing));
    }
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut seen = 0;
    for some in cases.chunks(STOCK) {
        if seen >= A_TOKEN {
            std::mem::replace(&mut scene, Scene::new(doing).await).assert_sound().await;
            seen = 0;
        }
        let mut imports = Vec::new();
        if matches!(doing, Doing::Import | Doing::Heal) {
            for _ in some {
                imports.push(scene.prepare().await);
            }
        }
        for case in some {
            scene.filled().await;
            let outcome = scene.run(case, imports.pop()).await;
            for wrong in &outcome.wrong {
                println!("{doing:?} {}: {wrong}", case.rule());
            }
            outcomes.push(outcome);
            seen += 1;
        }
    }
    println!("{}", table::of(&outcomes));
    let wrong: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.wrong.is_empty())
        .map(|outcome| format!("{}: {}", outcome.case.rule(), outcome.wrong.join("; ")))
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
    scene.assert_sound().await;
}

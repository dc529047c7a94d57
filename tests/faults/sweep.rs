//! Every function that an issue and an import call, at every call of it, through every return value.
// The table is what `make faults` is run for.
#![allow(clippy::print_stdout)]

use super::cases::{self, Doing};
use super::scene::{Outcome, STOCK, Scene};
use super::table;

/// In the environment: how many cases of each kind are tried, or `all`.
pub(super) const MEASURE: &str = "KEYFERRY_TEST_FAULTS";

/// How many cases a sample has: as many as end within a minute.
fn sample(doing: Doing) -> usize {
    match doing {
        Doing::Issue => 8,
        Doing::Make => 6,
        Doing::Import => 31,
        Doing::Heal => 8,
    }
}

/// How often a case is tried that is not reached: a session that an earlier one has spoiled may turn it away.
const ATTEMPTS: usize = 3;

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
    let all = cases::all(doing, calls);
    let measure = std::env::var(MEASURE);
    let measured = measure.is_ok();
    let cases = match measure.as_deref() {
        Ok("all") => all,
        Ok(count) => cases::sample(all, count.parse().unwrap()),
        Err(_) => cases::sample(all, sample(doing)),
    };
    let mut outcomes: Vec<Outcome> = Vec::new();
    let (mut seen, mut imports) = (0, Vec::new());
    for (index, case) in cases.iter().enumerate() {
        for attempt in 1..=ATTEMPTS {
            if seen == A_TOKEN {
                std::mem::replace(&mut scene, Scene::new(doing).await).end().await;
                (seen, imports) = (0, Vec::new());
            }
            if imports.is_empty() && matches!(doing, Doing::Import | Doing::Heal) {
                for _ in 0..STOCK.min(cases.len() - index) {
                    imports.push(scene.prepare().await);
                }
            }
            scene.filled().await;
            let outcome = scene.run(case, imports.pop()).await;
            seen += 1;
            let Outcome { fired, well, .. } = outcome;
            if measured || !outcome.wrong.is_empty() {
                println!("{outcome}");
            }
            if !well {
                println!("{}", scene.log());
                scene = Scene::new(doing).await;
                (seen, imports) = (0, Vec::new());
            }
            if fired || !outcome.wrong.is_empty() || attempt == ATTEMPTS {
                outcomes.push(outcome);
                break;
            }
        }
    }
    println!("{}", table::of(&outcomes));
    scene.end().await;
    let wrong: Vec<String> = outcomes.iter().filter(|outcome| !outcome.wrong.is_empty()).map(Outcome::to_string).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
}

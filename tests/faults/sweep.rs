//! Every function that an issue and an import call, at every call of it, through every return value.
// The table is what `make faults` is run for.
#![allow(clippy::print_stdout)]

use super::cases::{self, Doing};
use super::scene::{Outcome, Scene, stock};
use super::table;
use crate::harness::any_token::Make;

/// In the environment: how many cases of each kind are tried, or `all`.
pub(super) const MEASURE: &str = "KEYFERRY_TEST_FAULTS";

/// How many cases a sample has: as many as end within a minute, and on the second token within seconds.
fn sample(make: Make, doing: Doing) -> usize {
    match (make, doing) {
        (Make::SoftHsm, Doing::Issue | Doing::Heal) => 8,
        (Make::SoftHsm, Doing::Make) => 6,
        (Make::SoftHsm, Doing::Import) => 31,
        (Make::Kryoptic, Doing::Issue | Doing::Make | Doing::Heal) => 2,
        (Make::Kryoptic, Doing::Import) => 12,
    }
}

/// How often a case is tried that is not reached: a session that an earlier one has spoiled may turn it away.
const ATTEMPTS: usize = 3;

/// How many cases one daemon sees: its token gets slower with each key.
const A_TOKEN: usize = 240;

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_survives_every_fault_of_the_token() {
    survives(Make::SoftHsm, Doing::Issue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_making_of_a_pair_survives_every_fault_of_the_token() {
    survives(Make::SoftHsm, Doing::Make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_survives_every_fault_of_the_token() {
    survives(Make::SoftHsm, Doing::Import).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_healing_of_a_lost_login_survives_every_fault_of_the_token() {
    survives(Make::SoftHsm, Doing::Heal).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a token of it takes seconds to make: make faults"]
async fn an_issue_on_kryoptic_survives_every_fault_of_the_token() {
    survives(Make::Kryoptic, Doing::Issue).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a token of it takes seconds to make: make faults"]
async fn the_making_of_a_pair_on_kryoptic_survives_every_fault_of_the_token() {
    survives(Make::Kryoptic, Doing::Make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_on_kryoptic_survives_every_fault_of_the_token() {
    survives(Make::Kryoptic, Doing::Import).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a token of it takes seconds to make: make faults"]
async fn the_healing_of_a_lost_login_on_kryoptic_survives_every_fault_of_the_token() {
    survives(Make::Kryoptic, Doing::Heal).await;
}

async fn survives(make: Make, doing: Doing) {
    let mut scene = Scene::new(make, doing).await;
    let calls = scene.learn(doing).await;
    println!("{make:?}, {doing:?}: {calls:?}");
    let all = cases::all(doing, calls);
    let measure = std::env::var(MEASURE);
    let measured = measure.is_ok();
    let cases = match measure.as_deref() {
        Ok("all") => all,
        Ok(count) => cases::sample(all, count.parse().unwrap()),
        Err(_) => cases::sample(all, sample(make, doing)),
    };
    let mut outcomes: Vec<Outcome> = Vec::new();
    let (mut seen, mut imports) = (0, Vec::new());
    for (index, case) in cases.iter().enumerate() {
        for attempt in 1..=ATTEMPTS {
            if seen == A_TOKEN {
                std::mem::replace(&mut scene, Scene::new(make, doing).await).end().await;
                (seen, imports) = (0, Vec::new());
            }
            if imports.is_empty() && matches!(doing, Doing::Import | Doing::Heal) {
                for _ in 0..stock(make).min(cases.len() - index) {
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
                scene = Scene::new(make, doing).await;
                (seen, imports) = (0, Vec::new());
            }
            if fired || !outcome.wrong.is_empty() || attempt == ATTEMPTS {
                outcomes.push(outcome);
                break;
            }
        }
    }
    println!("{make:?}\n\n{}", table::of(&outcomes));
    scene.end().await;
    let wrong: Vec<String> = outcomes.iter().filter(|outcome| !outcome.wrong.is_empty()).map(Outcome::to_string).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
}

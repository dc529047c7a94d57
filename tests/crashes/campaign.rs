//! The campaign: SIGKILL at random and at every step, over SQLite alone and with three replicas over PostgreSQL, under load that
//! does everything; after each, what was acknowledged is there and works, and what is there was asked for.
//!
//! A test of some fifteen kills by default; `make crashes KILLS=1000` goes through all of them and prints what was found.

mod checks;
mod fleet;
mod load;
mod plan;
mod table;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::crashes::{Doing, FAILPOINT, steps};
use crate::dev::Dev;

use checks::Checks;
use fleet::Fleet;
use load::Load;
use plan::{Kill, Moment, Over, Random};
use table::Table;

/// Rounds of the default suite; some kill more than one process, or one more than once, which makes some fifteen kills of them.
const SAMPLE: usize = 10;

/// Kills that one installation lives through before the next gets its turn: what is there is checked after each of them.
const LIVES: usize = 25;

/// The longest that load takes to come to a step.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many kills the environment asks for.
fn kills() -> usize {
    std::env::var("KEYFERRY_TEST_KILLS").map_or(SAMPLE, |kills| kills.parse().expect("KEYFERRY_TEST_KILLS is a number"))
}

/// A number that the same kills follow from; the moments differ all the same.
fn seed() -> u64 {
    std::env::var("KEYFERRY_TEST_SEED").map_or(7, |seed| seed.parse().expect("KEYFERRY_TEST_SEED is a number"))
}

#[test]
fn whatever_is_killed_nothing_that_was_acknowledged_is_lost_and_nothing_is_left_behind() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let mut table = Table::default();
    let mut planned = plan::of(kills(), seed());
    // In turns, so that one that is stopped in the middle has seen all of them.
    while planned.iter().any(|(_, kills)| !kills.is_empty()) {
        for (over, kills) in planned.iter_mut().filter(|(_, kills)| !kills.is_empty()) {
            let (over, lives) = (*over, kills.split_off(kills.len().saturating_sub(LIVES)));
            // A check that fails ends its installation, and not the campaign.
            let (told, lived) = std::sync::mpsc::channel();
            let life = async move {
                match over {
                    Over::Setup => set_up(&lives, &told),
                    Over::One | Over::Three => live(over, &lives, &told).await,
                }
            };
            let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(life)));
            lived.try_iter().for_each(|(kill, found)| table.add(over, kill, found));
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(found)) => table.found(over, found),
                Err(panicked) => table.found(over, what_it_said(panicked)),
            }
            table.print();
        }
    }
    table.assert_nothing_found();
}

fn what_it_said(said: Box<dyn Any + Send>) -> String {
    let text = said.downcast_ref::<String>().cloned().or_else(|| said.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

/// What one kill came to.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    /// Processes that were killed.
    killed: usize,
    /// Whether the step that was named was reached.
    reached: bool,
    /// Acknowledged results that were looked at afterwards.
    held: usize,
    /// Calls whose answer was cut off, and that were found done, or not done, and asked for again.
    cut_off: usize,
}

type Told = std::sync::mpsc::Sender<(Kill, Outcome)>;

/// First starts that are cut off, each made good by the next.
fn set_up(kills: &[Kill], told: &Told) -> Result<(), String> {
    for kill in kills {
        let Moment::Step(_, step) = kill.moment else { continue };
        let dev = Dev::new();
        let cut_off = dev.command().env(FAILPOINT, step).output().unwrap();
        let said = String::from_utf8_lossy(&cut_off.stderr);
        if cut_off.status.code() != Some(1) || !said.contains("signal: 9") {
            return Err(format!("{step} was not reached: {said}"));
        }
        let dev = dev.serve();
        if dev.keyferry(&["list-keys"])["Keys"] != serde_json::json!([]) {
            return Err(format!("{step}: there are keys"));
        }
        let _listens = told.send((*kill, Outcome { killed: 1, reached: true, ..Outcome::default() }));
    }
    Ok(())
}

/// One installation, killed again and again.
async fn live(over: Over, kills: &[Kill], told: &Told) -> Result<(), String> {
    let mut random = Random::new(seed() ^ 0x5eed);
    let mut fleet = Fleet::start(over).await;
    let (mut load, mut checks) = (Load::new(random.next()), Checks::begin(&fleet).await);
    for kill in kills {
        let outcome = match die(&mut fleet, &mut load, kill.moment, &mut random).await {
            Ok((killed, reached)) => {
                checks.after(&mut fleet, &mut load).await.map(|(held, cut_off)| Outcome { killed, reached, held, cut_off })
            }
            Err(found) => Err(found),
        };
        match outcome {
            Ok(outcome) => drop(told.send((*kill, outcome))),
            Err(found) => return Err(format!("{:?}: {found}\n{}", kill.moment, fleet.last_words())),
        }
    }
    checks.at_the_end(fleet, &load).await
}

/// Has processes killed, and starts them again: how many, and whether at the step that was named.
async fn die(fleet: &mut Fleet, load: &mut Load, moment: Moment, random: &mut Random) -> Result<(usize, bool), String> {
    let victim = random.below(fleet.size());
    match moment {
        Moment::Start => {
            fleet.kill(victim);
            let mut killed = 1;
            for _ in 0..2 {
                fleet.kill_while_it_starts(victim, Duration::from_millis(random.below(2500) as u64));
                killed += 1;
            }
            fleet.restart();
            Ok((killed, true))
        }
        Moment::Step(Doing::Recover, step) => {
            // What there is to recover is what a kill under load leaves.
            load.run(fleet, None, Duration::from_millis(400), |_| false).await?;
            fleet.kill(victim);
            let reached = fleet.kill_at(victim, step, PATIENCE);
            fleet.restart();
            Ok((1 + usize::from(reached), reached))
        }
        Moment::Step(doing, step) => {
            fleet.arm(victim, step);
            load.run(fleet, Some(doing), PATIENCE, |fleet| fleet.has_ended(victim)).await?;
            let reached = fleet.has_ended(victim);
            fleet.kill(victim);
            fleet.restart();
            Ok((1, reached))
        }
        Moment::Any | Moment::All => {
            let victims = if moment == Moment::All { (0..fleet.size()).collect() } else { vec![victim] };
            let until = Duration::from_millis(100 + random.below(900) as u64);
            let pids: Vec<_> = victims.iter().map(|victim| fleet.pid(*victim)).collect();
            let killer = std::thread::spawn(move || {
                std::thread::sleep(until);
                pids.into_iter().for_each(fleet::kill);
            });
            load.run(fleet, None, PATIENCE, |fleet| victims.iter().any(|victim| fleet.has_ended(*victim))).await?;
            killer.join().expect("the killer's end");
            victims.iter().for_each(|victim| fleet.kill(*victim));
            fleet.restart();
            Ok((victims.len(), true))
        }
    }
}

/// The steps that are reached while the service serves or starts.
fn served() -> Vec<(Doing, &'static str)> {
    use Doing::{Create, DeleteKey, DeleteMaterial, Expire, Import, Issue, Recover, Rotate, RotateMade};
    let all = [Issue, Import, Create, Rotate, RotateMade, DeleteMaterial, Expire, DeleteKey, Recover];
    all.into_iter().flat_map(|doing| steps(doing).map(move |(step, _)| (doing, step))).collect()
}

/// The steps of a first start.
fn of_setup() -> Vec<(Doing, &'static str)> {
    [Doing::Token, Doing::Init].into_iter().flat_map(|doing| steps(doing).map(move |(step, _)| (doing, step))).collect()
}

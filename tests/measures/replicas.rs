//! One service, and three over the same database and the same token, under the same load; and three of which one is killed.
//!
//! All share this machine's processors and its one disk, so that three are not to be quicker than one. What is measured is what it
//! costs that they share: the token, the record and each other's objects. The floor is the bare token, by one process and by three, and
//! PostgreSQL's own commits.

mod fleet;
mod held;
mod key;
mod lost;
mod timeline;
mod turn;

use super::floor::commits::Commits;
use super::floor::processes::{self, Share, Work};
use super::report::{Goal, Report};
use super::samples::Samples;
use super::stock::{lay_in_over_postgres, plant};
use crate::harness::softhsm::SoftHsm;
use crate::measures::errand::Lot;
use crate::measures::stock::bits;

use fleet::Fleet;
use key::{Key, WRAPPING};
use turn::{ALL, Call, Served};

/// Of the measure's two halves, the second.
const REPLICAS: usize = 3;
/// Callers at once, each with a connection of its own; as many threads as the bare loop has, and connections as PostgreSQL's floor.
const CALLERS: usize = 6;
/// One serves and three serve in turn: so many times each.
const TURNS: usize = 2;
/// Keys that material is imported into while one is killed.
const HELD: usize = 500;
/// Pairs in stock: all that are handed out.
const PAIRS: usize = 2 * TURNS * turn::IMPORTED + HELD;
/// Calls of the bare loops, half of them before the service and half after.
const BARE_MACS: usize = 12_000;
const BARE_IMPORTS: usize = 396;
const COMMITS: usize = 2_400;

/// What of the floor was done in one process, in several, and by PostgreSQL.
#[derive(Default)]
struct Floor {
    macs: [Vec<Samples>; 2],
    imports: [Vec<Samples>; 2],
    commits: [Vec<Samples>; 2],
    failed: [usize; 2],
}

/// One and three.
const SIZES: [usize; 2] = [1, REPLICAS];

pub async fn measure(report: &mut Report) {
    let mut fleet = Fleet::prepare().await;
    lay_in_over_postgres(&fleet.installation, WRAPPING, PAIRS).await;
    let commits = Commits::prepare(&fleet.installation.store_url(), u32::try_from(CALLERS).unwrap()).await;
    let mut floor = Floor::default();
    floor.measure(&commits).await;

    let mut served: [[Served; 4]; 2] = Default::default();
    let mut imported = Vec::new();
    for _ in 0..TURNS {
        for (size, served) in SIZES.into_iter().zip(&mut served) {
            fleet.resize(size);
            let keys = keys(&fleet, turn::IMPORTED).await;
            imported.extend(turn::take(&fleet, keys, served).await);
        }
    }
    let waiting = keys(&fleet, HELD).await;
    let before = imported.len();
    let held = held::hold(&mut fleet, waiting, imported).await;
    let lost = lost::count(&fleet, &held.imported).await;
    let acknowledged = held.imported.len();
    fleet.resize(0);
    floor.measure(&commits).await;

    floor.report(report);
    let ratios = report_served(report, served);
    timeline::report(report, &held);
    for (call, one, three) in ratios {
        let measure = format!("{call:?} through three replicas on this one machine, calls a second (floor: through one)");
        // No goal: what more replicas give is said by machines of their own.
        report.figure(measure, Goal::None, three, Some(one));
    }
    eprintln!("  {acknowledged} imports were acknowledged, {} of them while load was held", acknowledged - before);
    report.figure("acknowledged imports that are lost after SIGKILL of one of three", Goal::AtMost(0.0), lost as f64, None);
}

/// So many that wait for their material.
async fn keys(fleet: &Fleet, count: usize) -> Vec<Key> {
    let lines = fleet.lines(1).await;
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.push(Key::create(&lines[0]).await);
    }
    keys
}

impl Floor {
    /// A half of it.
    async fn measure(&mut self, commits: &Commits) {
        for (at, callers) in [1, CALLERS].into_iter().enumerate() {
            self.commits[at].push(commits.make(COMMITS / 2, callers).await);
        }
        for (at, processes) in SIZES.into_iter().enumerate() {
            // As many objects as the service has on its token: the more there are, the longer SoftHSM2 takes for one.
            let token = SoftHsm::new();
            plant(&token.conf(), vec![Lot { bits: bits(WRAPPING), copies: PAIRS - BARE_IMPORTS / 2 }]);
            for (work, calls, done) in
                [(Work::Mac, BARE_MACS / 2, &mut self.macs), (Work::Import, BARE_IMPORTS / 2, &mut self.imports)]
            {
                let share = Share { work, calls, threads: CALLERS };
                let (samples, failed) = tokio::task::block_in_place(|| processes::at_once(&token.conf(), processes, share));
                done[at].push(samples);
                self.failed[at] += failed;
            }
        }
    }

    fn report(self, report: &mut Report) {
        let Self { macs, imports, commits, failed } = self;
        for (callers, commits) in [1, CALLERS].into_iter().zip(commits) {
            report.samples(&format!("PostgreSQL alone, commits, {callers} at once"), &Samples::joined(commits));
        }
        for (what, done) in [("HMAC", macs), ("import", imports)] {
            for (processes, done) in SIZES.into_iter().zip(done) {
                let threads = CALLERS / processes;
                let line = format!("token alone, {what}, {processes} × {threads} threads");
                report.samples(&line, &Samples::joined(done));
            }
        }
        eprintln!("  of the bare calls to the token failed: {} in one process, {} in three at once", failed[0], failed[1]);
    }
}

/// The lines of the table; calls a second of each kind, through one and through three.
fn report_served(report: &mut Report, [one, three]: [[Served; 4]; 2]) -> Vec<(Call, f64, f64)> {
    let mut per_second = Vec::new();
    for ((call, one), three) in ALL.into_iter().zip(one).zip(three) {
        let [one, three] = [(1, one), (REPLICAS, three)].map(|(replicas, served)| {
            let samples = Samples::joined(served.samples);
            let refused = served.refused;
            report.samples(&format!("{call:?}, {CALLERS} callers, {replicas} serving, {refused} refused"), &samples);
            samples.per_second()
        });
        per_second.push((call, one, three));
    }
    per_second
}

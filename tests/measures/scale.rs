//! What a full record and a full token cost: in time, in memory and at the start.

use keyferry::model::WrappingKeySpec;

use super::errand::{Errand, resident_bytes};
use super::load::issue;
use super::plot::{Axis, Line, Plot};
use super::pool::Pools;
use super::report::{Goal, Report};
use super::samples::{Samples, timed};
use super::stock::Stock;
use crate::harness::{Client, Daemon, Installation};

const SPEC: WrappingKeySpec = WrappingKeySpec::Rsa2048;
/// Keys on record; live sets are a tenth of them.
const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// Calls of each kind to each daemon, and how many before them do not count.
const CALLS: usize = 300;
const WARM_UP: usize = SIZES[0];
/// Starts of the fullest.
const STARTS: usize = 3;
const MIB: f64 = 1024.0 * 1024.0;

/// A daemon with so many keys, and what its calls took.
struct Sized {
    daemon: Daemon,
    client: Client,
    keys: Vec<String>,
    describing: Vec<std::time::Duration>,
    issuing: Vec<std::time::Duration>,
}

pub async fn measure(report: &mut Report) {
    let empty = Daemon::serve(Pools::STILL.install(), &[]);
    let mut all = Vec::new();
    for keys in SIZES {
        all.push(Sized::serve(keys).await);
    }
    // In turn, one call to each: what else the machine does meets all of them.
    for number in 0..CALLS + WARM_UP {
        for sized in &mut all {
            sized.call(number).await;
        }
    }
    let resident = [&empty, &all[SIZES.len() - 1].daemon].map(|daemon| resident_bytes(daemon.pid()) as f64);
    let found: Vec<_> = all.iter().map(Sized::found).collect();
    for (keys, (describing, issuing)) in SIZES.iter().zip(&found) {
        report.samples(&format!("DescribeKey at {keys} keys"), describing);
        report.samples(&format!("GetParametersForImport at {keys} keys, {} live sets", keys / 10), issuing);
    }
    let [(fewest_describing, fewest_issuing), .., (describing, issuing)] = &found[..] else { panic!("sizes are missing") };
    for (call, full, few) in
        [("DescribeKey", describing, fewest_describing), ("GetParametersForImport", issuing, fewest_issuing)]
    {
        let measure = format!("{call} at 100,000 keys and 10,000 live sets, p50, ms (floor: at 100 keys)");
        report.figure(measure, Goal::RatioAtMost(1.2), full.percentile(50), Some(few.percentile(50)));
    }
    report.plot("cost-by-records.svg", plot(&found));

    let full = all.pop().unwrap().daemon.terminate();
    drop(all);
    let empty = empty.terminate();
    let library = [&empty, &full].map(weigh);
    let beyond = (resident[1] - resident[0]) - (library[1] - library[0]);
    eprintln!(
        "  resident, MiB: empty {:.1}, full {:.1}; the library alone: empty {:.1}, full {:.1}",
        resident[0] / MIB,
        resident[1] / MIB,
        library[0] / MIB,
        library[1] / MIB
    );
    let measure =
        "resident memory at 100,000 keys and 10,000 live sets beyond an empty server's and the token library's, MiB";
    report.figure(measure, Goal::AtMost(64.0), beyond / MIB, None);

    let (full, empty) = (starts(full).await, starts(empty).await);
    report.samples("start to SERVING with nothing", &empty);
    report.samples("start to SERVING at 100,000 keys, 10,000 live sets", &full);
    let measure = "start to SERVING at 100,000 keys and 10,000 live sets, p50, ms (floor: with nothing)";
    report.figure(measure, Goal::AtMost(3_000.0), full.percentile(50), Some(empty.percentile(50)));
}

impl Sized {
    async fn serve(keys: usize) -> Self {
        let installation = Pools::STILL.install();
        let ready = vec![(SPEC, CALLS + WARM_UP)];
        let keys = Stock { ready, issued: keys / 10, keys }.lay_in(&installation).await;
        let daemon = Daemon::serve(installation, &[]);
        let client = daemon.client().await;
        Self { daemon, client, keys, describing: Vec::new(), issuing: Vec::new() }
    }

    /// Both calls, for as many keys at every size, from all over the record: the first set for a key costs more than the next
    /// one, so that a record with fewer keys than calls would look cheaper than it is.
    async fn call(&mut self, number: usize) {
        let key = &self.keys[number % SIZES[0] * (self.keys.len() / SIZES[0])];
        let (took, _key) = timed(self.client.describe(key)).await;
        self.describing.push(took);
        self.issuing.push(issue(&self.client, key, SPEC).await);
    }

    fn found(&self) -> (Samples, Samples) {
        let counted = |calls: &[std::time::Duration]| Samples::in_turn(calls[WARM_UP..].to_vec());
        (counted(&self.describing), counted(&self.issuing))
    }
}

fn weigh(installation: &Installation) -> f64 {
    Errand::Weigh.run::<u64>(&installation.token.conf()) as f64
}

async fn starts(mut installation: Installation) -> Samples {
    let mut took = Vec::new();
    for _ in 0..STARTS {
        let (start, daemon) = timed(async { Daemon::serve(installation, &[]) }).await;
        took.push(start);
        installation = daemon.terminate();
    }
    Samples::in_turn(took)
}

fn plot(found: &[(Samples, Samples)]) -> Plot {
    let line = |name: &str, colour, of: fn(&(Samples, Samples)) -> &Samples| Line {
        name: name.to_owned(),
        values: found.iter().map(|both| Some(of(both).percentile(50))).collect(),
        colour,
        dashed: false,
    };
    Plot {
        title: "Median of a call against the number of records".to_owned(),
        x: Axis {
            name: "keys on record; live sets are a tenth".to_owned(),
            marks: SIZES.map(|keys| keys.to_string()).into(),
        },
        y: "milliseconds".to_owned(),
        lines: vec![line("DescribeKey", 0, |both| &both.0), line("GetParametersForImport", 1, |both| &both.1)],
    }
}

//! GetParametersForImport, one caller: from a filled pool, from one that is being filled, and from an empty one.

use std::time::Duration;

use keyferry::model::WrappingKeySpec;

use super::floor::{Issuing, Parts};
use super::load::issue;
use super::plot::{Axis, Line, Plot};
use super::pool::{Marks, Pools};
use super::report::{Goal, Report};
use super::samples::Samples;
use super::stock::Stock;
use crate::harness::{Client, Daemon};

pub const SPECS: [WrappingKeySpec; 3] = [WrappingKeySpec::Rsa2048, WrappingKeySpec::Rsa3072, WrappingKeySpec::Rsa4096];

/// Calls of each kind, and how many before them do not count: as many as it takes until the database's log is as long as it
/// gets and is written over, which is quicker than to write on.
const CALLS: usize = 500;
const WARM_UP: usize = 300;

/// All fillers are busy for as long as this lasts: no run makes so many pairs.
const ENDLESS: Marks = Marks { low: 10_000, high: 10_000 };

pub async fn measure(report: &mut Report) {
    let mut states: Vec<[Samples; 3]> = Vec::new();
    let filled = Pools::STILL;
    let installation = filled.install();
    // Enough for the filled pool and for the one that is being filled.
    let ready = SPECS.map(|spec| (spec, 2 * (CALLS + WARM_UP))).to_vec();
    let mut floor = Issuing::prepare(&ready).await;
    // A key for each call, as in life: the first set for a key costs more than the next one.
    let stock = Stock { ready, keys: 2 * SPECS.len() * (CALLS + WARM_UP), ..Stock::default() };
    let mut keys = stock.lay_in(&installation).await.into_iter();

    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let mut quiet = Vec::new();
    for spec in SPECS {
        let (parts, service) = beside_the_floor(&mut floor, &client, &mut keys, spec).await;
        let of = |part: fn(Parts) -> Duration| Samples::in_turn(parts.iter().map(|parts| part(*parts)).collect());
        for (name, part) in [
            ("an empty call", of(|parts| parts.wire)),
            ("an HMAC in the token", of(|parts| parts.mac)),
            ("a durable commit", of(|parts| parts.commit)),
        ] {
            report.samples(&format!("  of that floor: {name}"), &part);
        }
        let floor = of(Parts::sum);
        report.samples(&format!("GetParametersForImport {spec}, floor"), &floor);
        report.samples(&format!("GetParametersForImport {spec}, filled pool"), &service);
        for (percent, goal) in [(50, 1.3), (99, 2.0)] {
            let measure = format!("GetParametersForImport {spec} from a filled pool, p{percent}, ms");
            let floor = Some(floor.percentile(percent));
            report.figure(measure, Goal::RatioAtMost(goal), service.percentile(percent), floor);
        }
        quiet.push(service);
    }
    states.push(quiet.try_into().unwrap());

    let installation = daemon.terminate();
    let filling = Pools { rsa_4096: ENDLESS, ..filled };
    filled.exchange(filling, &installation);
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let mut busy = Vec::new();
    for (spec, quiet) in SPECS.into_iter().zip(&states[0]) {
        let (parts, service) = beside_the_floor(&mut floor, &client, &mut keys, spec).await;
        // What the machine does to bare calls meanwhile, it does to the service's.
        let floor = Samples::in_turn(parts.iter().map(|parts| parts.sum()).collect());
        report.samples(&format!("GetParametersForImport {spec}, floor while the fillers work"), &floor);
        report.samples(&format!("GetParametersForImport {spec}, fillers at work"), &service);
        let measure = format!("GetParametersForImport {spec} while the fillers work, p99, ms (floor: the quiet p99)");
        report.figure(measure, Goal::RatioAtMost(3.0), service.percentile(99), Some(quiet.percentile(99)));
        busy.push(service);
    }
    states.push(busy.try_into().unwrap());
    drop(daemon);

    let daemon = Daemon::serve(filled.install(), &[]);
    let client = daemon.client().await;
    let key = client.create_symmetric().await.key_id;
    let mut empty = Vec::new();
    for (spec, calls) in SPECS.into_iter().zip([40, 20, 12]) {
        let service = in_turn(&client, &key, spec, calls).await;
        report.samples(&format!("GetParametersForImport {spec}, empty pool"), &service);
        empty.push(service);
    }
    states.push(empty.try_into().unwrap());
    report.plot("latency-by-pool-state.svg", plot(&states));
}

/// The floor and the service in turn, one call of each.
async fn beside_the_floor(
    floor: &mut Issuing,
    client: &Client,
    keys: &mut impl Iterator<Item = String>,
    spec: WrappingKeySpec,
) -> (Vec<Parts>, Samples) {
    let (mut bare, mut served) = (Vec::new(), Vec::new());
    for _ in 0..CALLS + WARM_UP {
        bare.push(floor.once(client, spec).await);
        served.push(issue(client, &keys.next().unwrap(), spec).await);
    }
    (bare.split_off(WARM_UP), Samples::in_turn(served.split_off(WARM_UP)))
}

async fn in_turn(client: &Client, key: &str, spec: WrappingKeySpec, calls: usize) -> Samples {
    let mut served = Vec::new();
    for _ in 0..calls {
        served.push(issue(client, key, spec).await);
    }
    Samples::in_turn(served)
}

fn plot(states: &[[Samples; 3]]) -> Plot {
    let line = |number: usize, percent| Line {
        name: format!("{}, p{percent}", SPECS[number]),
        values: states.iter().map(|state| Some(state[number].percentile(percent))).collect(),
        colour: number,
        dashed: percent == 99,
    };
    Plot {
        title: "GetParametersForImport against the state of the pool".to_owned(),
        x: Axis {
            name: "state of the pool".to_owned(),
            marks: ["filled", "being filled", "empty"].map(String::from).into(),
        },
        y: "milliseconds".to_owned(),
        lines: (0..SPECS.len()).flat_map(|number| [line(number, 50), line(number, 99)]).collect(),
    }
}

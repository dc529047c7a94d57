//! GetParametersForImport by many callers at once, from a pool that never empties.

use keyferry::model::WrappingKeySpec;

use super::load::{ALGORITHM, at_once};
use super::plot::{Axis, Line, Plot};
use super::pool::Pools;
use super::report::Report;
use super::stock::Stock;
use crate::harness::Daemon;

const SPEC: WrappingKeySpec = WrappingKeySpec::Rsa2048;
const IN_FLIGHT: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Calls at each.
const CALLS: usize = 500;

pub async fn measure(report: &mut Report) {
    let installation = Pools::STILL.install();
    Stock { ready: vec![(SPEC, IN_FLIGHT.len() * CALLS)], ..Stock::default() }.lay_in(&installation).await;
    let daemon = Daemon::serve(installation, &[]);
    let client = daemon.client().await;
    let key = client.create_symmetric().await.key_id;
    let mut throughput = Vec::new();
    for in_flight in IN_FLIGHT {
        let (client, key) = (client.clone(), key.clone());
        let call = move |_| {
            let (client, key) = (client.clone(), key.clone());
            async move { client.parameters(&key, ALGORITHM, SPEC).await.map(drop) }
        };
        let outcome = at_once(CALLS, in_flight, call).await;
        assert_eq!(outcome.refusal, None, "with {in_flight} calls in flight");
        report.samples(&format!("GetParametersForImport {SPEC}, {in_flight} in flight"), &outcome.samples);
        throughput.push(Some(outcome.samples.per_second()));
    }
    report.plot(
        "throughput-by-concurrency.svg",
        Plot {
            title: format!("GetParametersForImport {SPEC} from a filled pool"),
            x: Axis { name: "calls in flight".to_owned(), marks: IN_FLIGHT.map(|calls| calls.to_string()).into() },
            y: "calls a second".to_owned(),
            lines: vec![Line { name: "keyferry".to_owned(), values: throughput, colour: 0, dashed: false }],
        },
    );
}

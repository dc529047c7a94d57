//! What was seen of load that was held: before the kill, while one was gone, and after it was back.

use std::time::{Duration, Instant};

use super::held::{Held, Seen};
use super::turn::ALL;
use super::{CALLERS, REPLICAS};
use crate::measures::plot::{Axis, Line, Plot};
use crate::measures::report::{Goal, Report};
use crate::measures::samples::{Samples, millis};

/// A point of the plot.
const STEP: Duration = Duration::from_secs(1);

pub fn report(report: &mut Report, held: &Held) {
    let Held { seen, began, killed, back, ended, starts, .. } = held;
    let windows = [("before", began, killed), ("one of three gone", killed, back), ("after", back, ended)];
    for (name, from, to) in windows {
        let within = || seen.iter().filter(|seen| (*from..*to).contains(&seen.began));
        for call in ALL {
            let of = || within().filter(|seen| seen.call == call && seen.answered);
            if of().next().is_some() {
                let samples = Samples::within(of().map(|seen| seen.took).collect(), *to - *from);
                report.samples(&format!("mixed load, {CALLERS} callers, {call:?}, {name}"), &samples);
            }
        }
        let all = Samples::within(within().map(|seen| seen.took).collect(), *to - *from);
        let again = within().filter(|seen| seen.asked > 1).count();
        report.samples(&format!("mixed load, all calls, {name}, {again} asked again elsewhere"), &all);
    }
    eprintln!(
        "  killed after {:.1} s, serving again {:.1} s later, at start {starts}",
        (*killed - *began).as_secs_f64(),
        (*back - *killed).as_secs_f64()
    );
    let unanswered = seen.iter().filter(|seen| !seen.answered).count();
    report.figure("calls that no replica answered", Goal::AtMost(0.0), unanswered as f64, None);
    let pause = longest_pause(seen, *killed);
    report.figure("longest time without any answer after SIGKILL of one of three, ms", Goal::AtMost(1000.0), pause, None);
    report.plot("throughput-through-a-kill.svg", plot(held));
}

/// Between two answers, in milliseconds.
fn longest_pause(seen: &[Seen], from: Instant) -> f64 {
    let mut ends: Vec<_> = seen.iter().map(|seen| seen.began + seen.took).filter(|end| *end > from).collect();
    ends.sort_unstable();
    let starts = std::iter::once(&from).chain(&ends);
    millis(starts.zip(&ends).map(|(last, next)| *next - *last).max().unwrap_or_default())
}

fn plot(held: &Held) -> Plot {
    let place = |at: Instant| usize::try_from((at - held.began).as_millis() / STEP.as_millis()).unwrap();
    // The last second is not a whole one.
    let steps = place(held.ended);
    let mut marks: Vec<String> =
        (0..steps).map(|step| if step % 5 == 0 { step.to_string() } else { String::new() }).collect();
    for (at, mark) in [(held.killed, "kill"), (held.back, "back")] {
        if let Some(text) = marks.get_mut(place(at)) {
            mark.clone_into(text);
        }
    }
    let line = |(colour, call)| {
        let mut answered = vec![0usize; steps];
        for seen in held.seen.iter().filter(|seen| seen.call == call && seen.answered) {
            if let Some(count) = answered.get_mut(place(seen.began + seen.took)) {
                *count += 1;
            }
        }
        let values = answered.into_iter().map(|count| (count > 0).then_some(count as f64)).collect();
        Line { name: format!("{call:?}"), values, colour, dashed: false }
    };
    Plot {
        title: format!("{REPLICAS} replicas under load, one of them killed and started again"),
        x: Axis { name: "seconds".to_owned(), marks },
        y: "answers a second".to_owned(),
        lines: ALL.into_iter().enumerate().map(line).collect(),
    }
}

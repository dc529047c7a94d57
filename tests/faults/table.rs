//! What came of all cases, as a table: a line for each function.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::cases::Fault;
use super::scene::Outcome;

#[derive(Default)]
struct Line<'a> {
    said: BTreeSet<&'a str>,
    occurrences: BTreeSet<u64>,
    cases: usize,
    fired: usize,
    answers: BTreeMap<&'a str, usize>,
    worst: Duration,
    wrong: usize,
}

/// The table, in Markdown.
pub(super) fn of(outcomes: &[Outcome]) -> String {
    let mut lines: BTreeMap<_, Line<'_>> = BTreeMap::new();
    for Outcome { case, fired, answer, healed, wrong, .. } in outcomes {
        let line = lines.entry((case.doing, &*case.function)).or_default();
        line.said.insert(match case.fault {
            Fault::Return(said) | Fault::After(said) => said,
            Fault::Lie => "lie",
        });
        line.occurrences.insert(case.occurrence);
        line.cases += 1;
        line.fired += usize::from(*fired);
        *line.answers.entry(answer).or_default() += 1;
        line.worst = line.worst.max(*healed);
        line.wrong += usize::from(!wrong.is_empty());
    }
    let mut table = String::from(
        "| during | function | return values | occurrences | cases | reached | answers | worst time to heal | wrong |\n|---|---|--:|--:|--:|--:|---|--:|--:|\n",
    );
    for ((doing, function), line) in &lines {
        let answers: Vec<String> = line.answers.iter().map(|(answer, count)| format!("{answer} {count}")).collect();
        let Line { said, occurrences, cases, fired, answers: _, worst, wrong } = line;
        table += &format!(
            "| {doing:?} | {function} | {} | {} | {cases} | {fired} | {} | {} ms | {wrong} |\n",
            said.len(),
            occurrences.len(),
            answers.join(", "),
            worst.as_millis(),
        );
    }
    table
}

//! What the campaign came to, kind by kind.

use std::collections::BTreeMap;

use super::plan::{Kill, Moment, Over};
use super::{Doing, Outcome};

#[derive(Default)]
pub(super) struct Table {
    rows: BTreeMap<(Over, String), Row>,
    found: Vec<String>,
}

#[derive(Clone, Copy, Default)]
struct Row {
    kills: usize,
    elsewhere: usize,
    held: usize,
    cut_off: usize,
}

impl Table {
    pub(super) fn add(&mut self, over: Over, kill: Kill, outcome: Outcome) {
        let row = self.rows.entry((over, name(kill.moment))).or_default();
        row.kills += outcome.killed;
        row.elsewhere += usize::from(!outcome.reached);
        row.held += outcome.held;
        row.cut_off += outcome.cut_off;
    }

    pub(super) fn found(&mut self, over: Over, found: String) {
        self.found.push(format!("{}: {found}", title(over)));
    }

    #[allow(clippy::print_stdout)]
    pub(super) fn print(&self) {
        let mut sum = Row::default();
        println!("{:<32} {:<34} {:>6} {:>10} {:>8} {:>8}", "over", "killed", "kills", "elsewhere", "held", "cut off");
        for ((over, kind), row) in &self.rows {
            let Row { kills, elsewhere, held, cut_off } = *row;
            println!("{:<32} {kind:<34} {kills:>6} {elsewhere:>10} {held:>8} {cut_off:>8}", title(*over));
            sum.kills += kills;
            sum.elsewhere += elsewhere;
            sum.held += held;
            sum.cut_off += cut_off;
        }
        let Row { kills, elsewhere, held, cut_off } = sum;
        println!("{:<32} {:<34} {kills:>6} {elsewhere:>10} {held:>8} {cut_off:>8}", "all", "");
        println!("found: {}", if self.found.is_empty() { "nothing".to_owned() } else { self.found.join("\n") });
    }

    pub(super) fn assert_nothing_found(&self) {
        assert!(self.found.is_empty(), "{}", self.found.join("\n"));
        assert!(self.rows.values().any(|row| row.held > 0), "nothing was looked at");
    }
}

fn title(over: Over) -> &'static str {
    match over {
        Over::Setup => "a first start",
        Over::One => "one process over SQLite",
        Over::Three => "three replicas over PostgreSQL",
    }
}

fn name(moment: Moment) -> String {
    match moment {
        Moment::Any => "one at any moment".to_owned(),
        Moment::All => "all at any moment".to_owned(),
        Moment::Start => "while it starts, again and again".to_owned(),
        Moment::Step(Doing::Recover, step) => format!("at {step}, starting"),
        Moment::Step(_, step) => format!("at {step}"),
    }
}

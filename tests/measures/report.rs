//! What was found: tables for people, `summary.json` for programs, plots for the documentation.

use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::plot::Plot;
use super::samples::Samples;

/// A goal, if there is one, and what there is of it.
struct Figure {
    measure: String,
    goal: Goal,
    value: f64,
    floor: Option<f64>,
}

/// What is asked of a figure.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At most this many times the floor.
    RatioAtMost(f64),
    /// At least this many times the floor.
    RatioAtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// Nothing: it is shown beside its floor.
    None,
}

impl Figure {
    fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.value / floor)
    }

    /// `None` where nothing is asked.
    fn holds(&self) -> Option<bool> {
        let holds = match self.goal {
            Goal::RatioAtMost(most) => self.ratio().is_some_and(|ratio| ratio <= most),
            Goal::RatioAtLeast(least) => self.ratio().is_some_and(|ratio| ratio >= least),
            Goal::AtMost(most) => self.value <= most,
            Goal::AtLeast(least) => self.value >= least,
            Goal::None => return None,
        };
        Some(holds)
    }

    fn json(&self) -> Value {
        let Self { measure, goal, value, floor } = self;
        json!({
            "measure": measure, "goal": goal.to_string(), "value": value, "floor": floor, "ratio": self.ratio(),
            "holds": self.holds(),
        })
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RatioAtMost(most) => write!(f, "≤ {most} × the floor"),
            Self::RatioAtLeast(least) => write!(f, "≥ {least} × the floor"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::None => Ok(()),
        }
    }
}

/// All that one run found.
pub struct Report {
    samples: Table,
    figures: Vec<Figure>,
    plots: Vec<(&'static str, Plot)>,
}

impl Report {
    pub fn new() -> Self {
        let mut samples = Table::new();
        samples.load_style(presets::NOTHING);
        samples.set_header(["", "n", "p50 ms", "p95 ms", "p99 ms", "per second"]);
        Self { samples, figures: Vec::new(), plots: Vec::new() }
    }

    /// Says on standard error what is under way: it takes minutes.
    pub fn begin(&self, what: &str) {
        eprintln!("measuring: {what}");
    }

    /// A line of the table of durations.
    pub fn samples(&mut self, what: &str, samples: &Samples) {
        let number = |number: f64| format!("{number:.2}");
        let [p50, p95, p99] = [50, 95, 99].map(|percent| number(samples.percentile(percent)));
        self.samples.add_row([what.to_owned(), samples.count().to_string(), p50, p95, p99, number(samples.per_second())]);
    }

    /// A goal, and its figure; the measure's name ends with its unit.
    pub fn figure(&mut self, measure: impl Into<String>, goal: Goal, value: f64, floor: Option<f64>) {
        let figure = Figure { measure: measure.into(), goal, value, floor };
        eprintln!("  {}", figure.json());
        self.figures.push(figure);
    }

    /// A plot, and the name of its file.
    pub fn plot(&mut self, name: &'static str, plot: Plot) {
        self.plots.push((name, plot));
    }

    pub fn print(&mut self) {
        let mut figures = Table::new();
        figures.load_style(presets::NOTHING);
        figures.set_header(["", "goal", "value", "floor", "ratio", ""]);
        for figure in &self.figures {
            let number = |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:.3}"));
            figures.add_row([
                figure.measure.clone(),
                figure.goal.to_string(),
                number(Some(figure.value)),
                number(figure.floor),
                number(figure.ratio()),
                figure.holds().map_or("", |holds| if holds { "holds" } else { "MISSED" }).to_owned(),
            ]);
        }
        for (table, numbers) in [(&mut self.samples, 1..6), (&mut figures, 2..5)] {
            for column in numbers {
                if let Some(column) = table.column_mut(column) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        println!("{}\n\n{}", self.samples.trim_fmt(), figures.trim_fmt());
    }

    /// Writes `summary.json` and the plots.
    pub fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let figures: Vec<Value> = self.figures.iter().map(Figure::json).collect();
        std::fs::write(folder.join("summary.json"), serde_json::to_string_pretty(&figures).unwrap()).unwrap();
        for (name, plot) in &self.plots {
            std::fs::write(folder.join(name), plot.svg()).unwrap();
        }
    }
}

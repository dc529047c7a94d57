//! What is told of a walk while it goes: steps with their times on a terminal, nothing in a pipe.

use std::io::IsTerminal;
use std::time::Instant;

use keyferry::client::Key;
use keyferry::client::walk::{Choice, Outcome, Progress, Step};

use super::lines;
use crate::clean::clean_line;
use crate::globals::Color;
use crate::output::{Painter, complain};

/// The steps so far.
pub(super) struct Course {
    painter: Painter,
    is_watched: bool,
    began: Instant,
    step: Option<(Step, Instant)>,
    /// Whether the cursor stands behind the step that is under way.
    is_open: bool,
    made: Option<Key>,
    /// Where it goes on, where there is more than one Region.
    region: Option<String>,
}

impl Course {
    /// Begins with the key file, which was read.
    pub(super) fn new(color: Color, key_file: &str) -> Self {
        let is_watched = std::io::stderr().is_terminal();
        let painter = Painter::of(color, is_watched);
        let began = Instant::now();
        let mut course = Self { painter, is_watched, began, step: None, is_open: false, made: None, region: None };
        course.line(&painter.good("✓"), "read the key file", key_file);
        course
    }

    /// Goes on in this Region, which is named from here on.
    pub(super) fn enter(&mut self, region: &str) {
        (self.region, self.began, self.step) = (Some(region.to_owned()), Instant::now(), None);
    }

    /// Tells one thing.
    pub(super) fn tell(&mut self, progress: &Progress<'_>) {
        let (good, bad) = (self.painter.good("✓"), self.painter.bad("✗"));
        match progress {
            Progress::Begins(step) => {
                self.step = Some((*step, Instant::now()));
                self.begin(*step);
            }
            Progress::Ends(step) => {
                let took = self.step.map(|(_, began)| began.elapsed()).unwrap_or_default();
                self.line(&good, step.as_str(), &format!("{} ms", took.as_millis()));
            }
            Progress::Planned(plan) => {
                self.line(&good, "choose how to wrap", &way(&plan.choice));
                self.line(" ", "", &plan.choice.reason);
            }
            Progress::Made(key) => {
                self.line(" ", "its id is", key.id.as_str());
                self.made = Some((*key).clone());
            }
            Progress::Refused(choice, error) => {
                self.line(&bad, Step::Parameters.as_str(), &format!("{}: {error}", way(choice)));
            }
            Progress::Waits(step, error, pause) => {
                let again = format!("{error}; again in {:.1} s", pause.as_secs_f64());
                self.line(&self.painter.bad("…"), step.as_str(), &again);
                self.begin(*step);
            }
        }
    }

    /// Tells that it ended well.
    pub(super) fn end(&mut self, outcome: &Outcome) {
        let good = self.painter.good("✓");
        match &outcome.imported {
            Some(_) => {
                let done = format!("done in {:.1} s", self.began.elapsed().as_secs_f64());
                self.line(&good, &done, "the service shows the fingerprint that was computed here");
            }
            None => self.nothing_to_do(),
        }
    }

    /// Tells that there is nothing to do.
    pub(super) fn nothing_to_do(&mut self) {
        let why = "the key has this material already; --again imports it again";
        self.line(&self.painter.good("✓"), "nothing to do", why);
    }

    /// Tells that it ended badly. Why is said elsewhere.
    pub(super) fn fail(&mut self) {
        if let (Some((step, _)), true) = (self.step, self.is_open) {
            self.line(&self.painter.bad("✗"), step.as_str(), "");
        }
    }

    /// The key that was made on the way.
    pub(super) fn made(&self) -> Option<&Key> {
        self.made.as_ref()
    }

    /// The step that the walk is at.
    pub(super) fn step(&self) -> Option<Step> {
        self.step.map(|(step, _)| step)
    }

    fn begin(&mut self, step: Step) {
        if self.is_watched {
            complain(&format!("  {} …", self.placed(step.as_str())));
            self.is_open = true;
        }
    }

    /// The words with the Region that they are about, where there are any.
    fn placed(&self, what: &str) -> String {
        match &self.region {
            Some(region) if !what.is_empty() => format!("{region}: {what}"),
            _ => what.to_owned(),
        }
    }

    /// Writes a line, over that of the step that is under way.
    fn line(&mut self, mark: &str, what: &str, more: &str) {
        if !self.is_watched {
            return;
        }
        if std::mem::take(&mut self.is_open) {
            complain("\r\x1b[K");
        }
        for (at, (what, more)) in lines::of(&self.placed(what), &clean_line(more)).into_iter().enumerate() {
            let more = if more.is_empty() { more } else { self.painter.faint(&more) };
            complain(format!("{} {what}{more}", if at == 0 { mark } else { " " }).trim_end());
            complain("\n");
        }
    }
}

fn way(choice: &Choice) -> String {
    format!("{} under {}", choice.wrapping_algorithm, choice.wrapping_key_spec)
}

//! What is told of a walk while it goes: steps with their times on a terminal, nothing in a pipe.

use std::io::IsTerminal;
use std::time::Instant;

use keyferry::client::Key;
use keyferry::client::walk::{Outcome, Progress, Step};

use crate::globals::Color;
use crate::output::{Painter, clean_line, complain};

/// The steps so far.
pub(super) struct Course {
    painter: Painter,
    is_watched: bool,
    began: Instant,
    step: Option<(Step, Instant)>,
    made: Option<Key>,
}

impl Course {
    /// Begins with the key file, which was read.
    pub(super) fn new(color: Color, key_file: &str) -> Self {
        let is_watched = std::io::stderr().is_terminal();
        let course =
            Self { painter: Painter::of(color, is_watched), is_watched, began: Instant::now(), step: None, made: None };
        course.line(&course.painter.good("✓"), "read the key file", key_file);
        course
    }

    /// Tells one thing.
    pub(super) fn tell(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Begins(step) => {
                self.step = Some((*step, Instant::now()));
                if self.is_watched {
                    complain(&format!("  {step} …"));
                }
            }
            Progress::Ends(step) => {
                let took = self.step.map(|(_, began)| began.elapsed()).unwrap_or_default();
                self.again(&self.painter.good("✓"), step.as_str(), &format!("{} ms", took.as_millis()));
            }
            Progress::Planned(plan) => {
                let choice = &plan.choice;
                let way = format!("{} under {}", choice.wrapping_algorithm, choice.wrapping_key_spec);
                self.line(&self.painter.good("✓"), "choose how to wrap", &format!("{way}: {}", choice.reason));
            }
            Progress::Made(key) => {
                self.line(" ", "the key is", &key.arn);
                self.made = Some((*key).clone());
            }
            Progress::Refused(choice, error) => {
                let way = format!("{} under {}", choice.wrapping_algorithm, choice.wrapping_key_spec);
                self.again(&self.painter.bad("✗"), "get parameters for import", &format!("{way}: {error}"));
            }
            Progress::Waits(step, error, pause) => {
                let again = format!("{error}; again in {:.1} s", pause.as_secs_f64());
                self.again(&self.painter.bad("…"), step.as_str(), &again);
            }
        }
    }

    /// Tells how it ended.
    pub(super) fn end(&self, outcome: &Outcome) {
        let what = match &outcome.imported {
            Some(_) => format!(
                "done in {:.1} s; the service shows the fingerprint that was computed here",
                self.began.elapsed().as_secs_f64()
            ),
            None => "nothing to do: the key has this material already; --again imports it all the same".to_owned(),
        };
        self.line(&self.painter.good("✓"), &what, "");
    }

    /// What a walk that did not come to its end leaves behind: a key, and what to do about it.
    pub(super) fn left_behind(&self) -> Option<String> {
        let Key { arn, id, .. } = self.made.as_ref()?;
        Some(match self.step {
            // The service may have done what it could not answer.
            Some((Step::Import | Step::Confirm, _)) => {
                format!("The key {arn} was made and may have its material: see keyferry describe-key --key-id {id}\n")
            }
            _ => format!("The key {arn} was made and has no material yet: go on with --key-id {id}\n"),
        })
    }

    /// The operation of the step that the walk is at.
    pub(super) fn operation(&self) -> &'static str {
        match self.step {
            Some((Step::Profile, _)) => "GetTokenProfile",
            Some((Step::Describe | Step::Confirm, _)) => "DescribeKey",
            Some((Step::Create, _)) => "CreateKey",
            Some((Step::Parameters, _)) => "GetParametersForImport",
            Some((Step::Import, _)) => "ImportKeyMaterial",
            Some((Step::Wrap, _)) | None => "Import",
        }
    }

    /// Writes over the line of the step that is under way.
    fn again(&self, mark: &str, what: &str, more: &str) {
        if self.is_watched {
            complain("\r\x1b[K");
        }
        self.line(mark, what, more);
    }

    fn line(&self, mark: &str, what: &str, more: &str) {
        if self.is_watched {
            complain(&format!(
                "{mark} {what}{}\n",
                if more.is_empty() { String::new() } else { format!("  {}", self.painter.faint(&clean_line(more))) }
            ));
        }
    }
}

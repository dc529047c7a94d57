//! Colour: on a terminal, never where NO_COLOR is set, unless it is asked for.

use anstyle::{AnsiColor, Style};
use clap::{ColorChoice, ValueEnum};

use crate::globals::Color;

/// Gives words their colour, or leaves them as they are.
#[derive(Clone, Copy)]
pub(crate) struct Painter(bool);

impl Painter {
    /// For a stream that is, or is not, a terminal.
    pub(crate) fn of(color: Color, is_terminal: bool) -> Self {
        Self(match color {
            Color::On => true,
            Color::Off => false,
            // https://no-color.org: set and not empty, whatever it says.
            Color::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        })
    }

    /// What leads: a title, the name of a member.
    pub(crate) fn heading(self, words: &str) -> String {
        self.paint(AnsiColor::Blue.on_default().bold(), words)
    }

    /// What went well.
    pub(crate) fn good(self, words: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), words)
    }

    /// What went wrong.
    pub(crate) fn bad(self, words: &str) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), words)
    }

    /// What is said by the way.
    pub(crate) fn faint(self, words: &str) -> String {
        self.paint(Style::new().dimmed(), words)
    }

    fn paint(self, style: Style, words: &str) -> String {
        if self.0 { format!("{style}{words}{style:#}") } else { words.to_owned() }
    }
}

/// What the command line says of colour, which is needed before the command line is read: for help and for what is wrong with it.
pub(crate) fn choose(arguments: &[std::ffi::OsString]) -> Color {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let given = words.iter().enumerate().rev().find_map(|(at, word)| match word.strip_prefix("--color")? {
        "" => words.get(at + 1).copied(),
        value => value.strip_prefix('='),
    });
    given.and_then(|word| Color::from_str(word, false).ok()).unwrap_or(Color::Auto)
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::On => Self::Always,
            Color::Off => Self::Never,
            Color::Auto => Self::Auto,
        }
    }
}

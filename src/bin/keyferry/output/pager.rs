//! Answers on a terminal, shown by the user's pager: one for all that a command prints.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A pager that shows what it is given. Dropped, it has all, and is waited for.
pub(super) struct Pager {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Ctrl-C is the pager's while it is there: without this, it would be left alone with the terminal.
    _interrupt: Option<Signal>,
}

impl Pager {
    /// Starts this command; `None` where there is none, or it cannot be started.
    pub(super) fn open(command: &str) -> Option<Self> {
        let mut words = command.split_ascii_whitespace();
        let mut command = Command::new(words.next()?);
        command.args(words).stdin(Stdio::piped());
        if std::env::var_os("LESS").is_none() {
            // As the reference: colours as they are, and no page where one screen holds it all.
            command.env("LESS", "FRX");
        }
        let mut child = command.spawn().ok()?;
        Some(Self { stdin: child.stdin.take(), child, _interrupt: signal(SignalKind::interrupt()).ok() })
    }

    /// Gives it more to show. One that has gone wants no more.
    pub(super) fn write(&mut self, text: &str) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(text.as_bytes());
        }
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

//! Long answers on a terminal, shown by the user's pager.

use std::io::Write;
use std::process::{Command, Stdio};

/// Shows `text` with this command; false where there is none, or it cannot be started.
pub(super) fn show(pager: &str, text: &str) -> bool {
    let mut words = pager.split_ascii_whitespace();
    let Some(program) = words.next() else { return false };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // As the reference: colours as they are, and no page where one screen holds it all.
        command.env("LESS", "FRX");
    }
    let Ok(mut shown) = command.spawn() else { return false };
    if let Some(mut stdin) = shown.stdin.take() {
        let _ = stdin.write_all(text.as_bytes());
    }
    let _ = shown.wait();
    true
}

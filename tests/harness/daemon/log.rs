//! What a process logs, as it comes.

use std::io::{BufRead, BufReader};
use std::process::ChildStderr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;

/// Long enough for a probe on a busy machine; a wait that takes so long is a failure.
const PATIENCE: Duration = Duration::from_secs(300);

/// The lines of a process's stderr.
pub(super) struct Log {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    text: Vec<String>,
    ended: bool,
}

impl Log {
    pub(super) fn read(stderr: ChildStderr) -> Arc<Self> {
        let log = Arc::new(Self { lines: Mutex::default(), changed: Condvar::new() });
        let writer = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                writer.lines.lock().unwrap().text.push(line);
                writer.changed.notify_all();
            }
            writer.lines.lock().unwrap().ended = true;
            writer.changed.notify_all();
        });
        log
    }

    pub(super) fn text(&self) -> String {
        self.lines.lock().unwrap().text.join("\n")
    }

    /// The first line that is wanted; `None` where the process ends, or patience does, before it comes.
    pub(super) fn wait(&self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        self.wait_for(1, wanted)
    }

    /// The line that is wanted for the so-manieth time.
    pub(super) fn wait_for(&self, count: usize, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let (mut seen, mut found, mut count) = (0, None, count);
        let unfinished = |lines: &mut Lines| {
            let mut new = lines.text[seen..].iter().filter_map(|line| serde_json::from_str(line).ok()).filter(&wanted);
            while found.is_none()
                && let Some(line) = new.next()
            {
                count -= 1;
                found = (count == 0).then_some(line);
            }
            seen = lines.text.len();
            found.is_none() && !lines.ended
        };
        let lines = self.lines.lock().unwrap();
        let _lines = self.changed.wait_timeout_while(lines, PATIENCE, unfinished).unwrap();
        found
    }

    pub(super) fn wait_for_end(&self) -> bool {
        self.ends_within(PATIENCE)
    }

    pub(super) fn ends_within(&self, patience: Duration) -> bool {
        let lines = self.lines.lock().unwrap();
        self.changed.wait_timeout_while(lines, patience, |lines| !lines.ended).unwrap().0.ended
    }
}

//! When the module is initialised anew to see what the token has destroyed: at once, and then ever more seldom.

use std::time::{Duration, Instant};

/// The pause between two initialisations of the module to see what the token has destroyed, at first and at last.
const DOUBTS: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

#[derive(Debug)]
pub(super) struct Doubts {
    until: Option<Instant>,
    pause: Duration,
}

impl Default for Doubts {
    fn default() -> Self {
        Self { until: None, pause: DOUBTS.0 }
    }
}

impl Doubts {
    /// Whether it is time. Then it is not again for a while.
    pub(super) fn are_due(&mut self) -> bool {
        let now = Instant::now();
        if self.until.is_some_and(|until| now < until) {
            return false;
        }
        self.until = Some(now + self.pause);
        self.pause = (self.pause * 2).min(DOUBTS.1);
        true
    }
}

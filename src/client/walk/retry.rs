//! How long to go on trying: pauses that double, until the patience of the whole walk is used up.

use std::time::Duration;

use tokio::time::Instant;

use crate::client::error::Error;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The patience of a walk, and what is left of it.
pub(super) struct Retry {
    patience: Duration,
    /// Used up by failures that were overcome.
    spent: Duration,
    failing: Option<(Instant, u32)>,
}

impl Retry {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, spent: Duration::ZERO, failing: None }
    }

    /// How long to pause after this failure, met at `now`; `None` where the patience would not last so long.
    pub(super) fn pause(&mut self, failure: &Error, now: Instant) -> Option<Duration> {
        let (since, failures) = self.failing.get_or_insert((now, 0));
        let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(*failures)).min(LONGEST_PAUSE);
        *failures += 1;
        let pause = match failure {
            Error::Refused(refusal) => refusal.retry_after.map_or(doubled, |asked| asked.max(doubled)),
            _ => doubled,
        };
        (self.spent + now.duration_since(*since) + pause <= self.patience).then_some(pause)
    }

    /// What failed does not fail any more at `now`.
    pub(super) fn overcome(&mut self, now: Instant) {
        if let Some((since, _)) = self.failing.take() {
            self.spent += now.duration_since(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::error::Refusal;

    fn lost() -> Error {
        Error::Lost(String::new())
    }

    #[test]
    fn pauses_double_and_end_with_the_patience() {
        let mut retry = Retry::new(Duration::from_secs(20));
        let (mut now, mut pauses) = (Instant::now(), Vec::new());
        while let Some(pause) = retry.pause(&lost(), now) {
            pauses.push(pause.as_millis());
            now += pause;
        }
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn the_patience_is_the_whole_walks() {
        let mut retry = Retry::new(Duration::from_secs(1));
        let mut now = Instant::now();
        now += retry.pause(&lost(), now).unwrap() * 9;
        retry.overcome(now);
        // What went well in between costs nothing.
        now += Duration::from_secs(100);
        assert_eq!(retry.pause(&lost(), now), Some(FIRST_PAUSE));
        assert_eq!(retry.pause(&lost(), now), None);
    }

    #[test]
    fn the_service_may_ask_for_a_longer_pause() {
        let asked = Some(Duration::from_secs(3));
        let status = tonic::Code::Unavailable;
        let refusal = Refusal { code: String::new(), message: String::new(), request_id: None, retry_after: asked, status };
        let now = Instant::now();
        assert_eq!(Retry::new(Duration::from_secs(60)).pause(&refusal.clone().into(), now), asked);
        assert_eq!(Retry::new(Duration::from_secs(2)).pause(&refusal.into(), now), None);
    }
}

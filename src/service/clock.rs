//! AdvanceClock: a day passes in a moment, where the service was started for it.

use std::time::Duration;

use serde_json::json;

use super::{Call, Error, Service};
use crate::model::invalid::within;
use crate::model::{Action, Timestamp};
use crate::policy::Circumstances;

/// The most that it moves at once, in seconds: what lasts longest here lasts a year.
const MOST: i32 = 400 * 24 * 60 * 60;

impl Service {
    /// AdvanceClock: moves the clock forward by `seconds`, does what is due by then, and answers what it shows. Signatures of
    /// requests are held to the machine's own clock all the same: it is the callers' too.
    ///
    /// # Errors
    /// Where the service was not started for it, or the caller may not.
    pub async fn advance_clock(&self, call: &Call, seconds: i32) -> Result<Timestamp, Error> {
        call.trail.asks(json!({ "seconds": seconds }));
        let seconds = within("seconds", seconds, 1, MOST)?;
        call.require_in_account(&self.gate, Action::AdvanceClock, Circumstances::default())?;
        let Some(clock) = &self.settings.movable_clock else {
            return Err(Error::Unsupported(
                "the clock cannot be moved: that is for `keyferryd dev --clock-control` alone".to_owned(),
            ));
        };
        clock.advance(Duration::from_secs(seconds.unsigned_abs().into()));
        self.tidy().await?;
        let now = self.clock.now();
        call.trail.answers(json!({ "now": now.rfc3339() }));
        Ok(now)
    }
}

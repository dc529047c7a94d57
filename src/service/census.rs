//! What the record is full of, for those who ask often.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{Error, Service};
use crate::store::Census;

/// How long an answer is good: counting reads every key.
const GOOD: Duration = Duration::from_secs(15);

/// What was counted last, and when. Held while it is counted, so that several who ask have it counted once.
pub(super) type Counted = Mutex<Option<(Instant, Census)>>;

impl Service {
    /// What the record is full of, as it was at most a quarter of a minute ago.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn census(&self) -> Result<Census, Error> {
        let mut counted = self.counted.lock().await;
        if let Some((at, census)) = &*counted
            && at.elapsed() < GOOD
        {
            return Ok(census.clone());
        }
        let begun = Instant::now();
        let census = self.store.census(self.clock.now()).await?;
        *counted = Some((begun, census.clone()));
        Ok(census)
    }
}

//! What the record is full of, for those who ask often.

use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::{Error, Service};
use crate::store::{self, Census};

/// How long an answer is good, at least: counting reads every key.
const GOOD: Duration = Duration::from_secs(15);
/// How many times as long as it took to count nothing is counted again, so that a full record has better things to do.
const REST: u32 = 50;
/// How old an answer may get while the next one is not there.
const OLDEST: Duration = Duration::from_secs(5 * 60);

/// What was counted last.
#[derive(Debug)]
pub(super) struct Counted {
    last: watch::Sender<Option<Count>>,
    /// Held while it is counted: once, however many ask.
    counting: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Count {
    census: Census,
    ended: Instant,
    took: Duration,
}

impl Default for Counted {
    fn default() -> Self {
        Self { last: watch::Sender::new(None), counting: Mutex::default() }
    }
}

impl Counted {
    fn last(&self) -> Option<Count> {
        self.last.borrow().clone()
    }
}

impl Count {
    fn is_good(&self) -> bool {
        self.ended.elapsed() < GOOD.max(self.took * REST)
    }
}

impl Service {
    /// What the record is full of, as it was a quarter of a minute ago, or longer where counting takes long. Waits for it only
    /// where nothing is known yet.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn census(&self) -> Result<Census, Error> {
        match self.counted.last() {
            Some(count) if count.is_good() => Ok(count.census),
            Some(count) if count.ended.elapsed() < OLDEST.max(2 * REST * count.took) => {
                drop(self.count());
                Ok(count.census)
            }
            _ => match self.count().await {
                Ok(counted) => counted,
                Err(_panicked) => Err(store::Error::Corrupt("it could not be counted".to_owned()).into()),
            },
        }
    }

    /// Counts to the end, whether or not somebody waits for it.
    fn count(&self) -> JoinHandle<Result<Census, Error>> {
        let service = self.clone();
        tokio::spawn(async move {
            let _alone = service.counted.counting.lock().await;
            if let Some(count) = service.counted.last().filter(Count::is_good) {
                return Ok(count.census);
            }
            let begun = Instant::now();
            let census = service.store.census(service.clock.now()).await?;
            let count = Count { census: census.clone(), ended: Instant::now(), took: begun.elapsed() };
            service.counted.last.send_replace(Some(count));
            Ok(census)
        })
    }
}

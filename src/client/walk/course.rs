//! One step after the other: told when it begins and ends, and tried again where that can help.

use tokio::time::Instant;

use super::retry::Retry;
use super::{Progress, Step};
use crate::client::connection::Client;
use crate::client::error::Error;

/// A walk under way.
pub(super) struct Course<'a> {
    pub(super) client: &'a Client,
    retry: Retry,
    listener: &'a mut (dyn FnMut(Progress<'_>) + Send),
}

impl<'a> Course<'a> {
    pub(super) fn new(client: &'a Client, retry: Retry, listener: &'a mut (dyn FnMut(Progress<'_>) + Send)) -> Self {
        Self { client, retry, listener }
    }

    pub(super) fn tell(&mut self, progress: Progress<'_>) {
        (self.listener)(progress);
    }

    /// Calls until it is answered, refused for good, or patience is over. `may_repeat` says which failures may be followed by
    /// the same call.
    pub(super) async fn step<T, F>(
        &mut self,
        step: Step,
        may_repeat: fn(&Error) -> bool,
        mut call: impl FnMut() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.tell(Progress::Begins(step));
        loop {
            let failure = match call().await {
                Ok(answer) => {
                    self.retry.overcome(Instant::now());
                    self.tell(Progress::Ends(step));
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            if !may_repeat(&failure) {
                self.retry.overcome(Instant::now());
                return Err(failure);
            }
            let Some(pause) = self.retry.pause(&failure, Instant::now()) else { return Err(failure) };
            self.tell(Progress::Waits(step, &failure, pause));
            tokio::time::sleep(pause).await;
        }
    }
}

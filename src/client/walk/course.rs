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
    /// the same call. That nothing was sent the last time is not what is said where an earlier time may have done it.
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
        let mut earlier = None;
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
                return Err(in_all(earlier, failure));
            }
            let Some(pause) = self.retry.pause(&failure, Instant::now()) else { return Err(in_all(earlier, failure)) };
            self.tell(Progress::Waits(step, &failure, pause));
            tokio::time::sleep(pause).await;
            earlier = match (earlier, failure) {
                (lost @ Some(Error::Lost(_)), _) => lost,
                (earlier, Error::Connection(_)) => earlier,
                (_, failure) => Some(failure),
            };
        }
    }
}

/// What the caller can know of a step that failed at `last`, after a failure that may have left it done.
fn in_all(earlier: Option<Error>, last: Error) -> Error {
    match (earlier, last) {
        (Some(Error::Lost(cause)), last) if matches!(last, Error::Connection(_)) || last.is_passing() => match last {
            Error::Lost(_) => last,
            last => Error::Lost(format!("{cause}; and when it was tried again: {last}")),
        },
        (Some(refused), Error::Connection(_)) => refused,
        (_, last) => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::error::{Refusal, Unreachable};

    fn lost() -> Error {
        Error::Lost("cut".to_owned())
    }

    fn refused(status: tonic::Code) -> Error {
        let (code, message) = ("X".to_owned(), "no".to_owned());
        Error::Refused(Refusal { code, message, request_id: None, retry_after: None, status })
    }

    #[test]
    fn what_may_be_done_is_never_told_as_not_sent() {
        use tonic::Code::{InvalidArgument, Unavailable};
        let away = || Error::Connection(Unreachable::network("u", "gone"));
        let distrusted = || Error::Connection(Unreachable::trust("u", "gone"));
        let maybe = "the connection was lost, and what was asked may be done or not: cut";
        let unreachable = "could not connect to the endpoint URL: \"u\": gone";
        #[rustfmt::skip]
        let cases = [
            (None,                        away(),                   unreachable.to_owned()),
            (Some(lost()),                away(),                   format!("{maybe}; and when it was tried again: {unreachable}")),
            (Some(lost()),                distrusted(),             format!("{maybe}; and when it was tried again: {unreachable}")),
            (Some(lost()),                refused(Unavailable),     format!("{maybe}; and when it was tried again: X: no")),
            (Some(lost()),                lost(),                   maybe.to_owned()),
            (Some(lost()),                refused(InvalidArgument), "X: no".to_owned()),
            (Some(refused(Unavailable)),  away(),                   "X: no".to_owned()),
            (Some(refused(Unavailable)),  lost(),                   maybe.to_owned()),
        ];
        for (earlier, last, expected) in cases {
            assert_eq!(in_all(earlier, last).to_string(), expected);
        }
    }
}

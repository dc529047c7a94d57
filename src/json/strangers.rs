//! Requests of which nobody knows yet whose they are: so many at once, and whoever is slowest makes room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The places of strangers. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Strangers {
    places: Arc<Semaphore>,
    coming: Arc<Mutex<Coming>>,
}

/// Those whose requests are not there yet, in the order in which they came.
#[derive(Debug, Default)]
struct Coming {
    next: u64,
    /// Each with what ends its wait by being dropped.
    waits: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A place whose stranger has yet to send a request.
#[derive(Debug)]
pub(super) struct Place {
    held: OwnedSemaphorePermit,
    wait: Wait,
}

#[derive(Debug)]
struct Wait {
    number: u64,
    ended: oneshot::Receiver<()>,
    coming: Arc<Mutex<Coming>>,
}

impl Strangers {
    pub(super) fn new(most: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), coming: Arc::default() }
    }

    /// A place, if need be that of whoever has been sending for the longest: an honest request is there at once. `None` where
    /// all have sent theirs, and are being looked at.
    pub(super) async fn enter(&self) -> Option<Place> {
        let held = match self.places.clone().try_acquire_owned() {
            Ok(held) => held,
            Err(_) => {
                coming(&self.coming).waits.pop_first()?;
                // Given back by the one whose wait has just ended, and by no other before: the line is fair.
                self.places.clone().acquire_owned().await.ok()?
            }
        };
        let (ends, ended) = oneshot::channel();
        let mut waits = coming(&self.coming);
        let number = waits.next;
        waits.next += 1;
        waits.waits.insert(number, ends);
        Some(Place { held, wait: Wait { number, ended, coming: Arc::clone(&self.coming) } })
    }
}

impl Place {
    /// What `request` comes to, and the place, which nobody else takes any more; `None` where somebody else had to have it
    /// meanwhile.
    pub(super) async fn wait_for<T>(mut self, request: impl Future<Output = T>) -> Option<(T, OwnedSemaphorePermit)> {
        tokio::select! {
            biased;
            came = request => Some((came, self.held)),
            _ = &mut self.wait.ended => None,
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        coming(&self.coming).waits.remove(&self.number);
    }
}

fn coming(coming: &Mutex<Coming>) -> MutexGuard<'_, Coming> {
    coming.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::future::{pending, ready};

    use super::Strangers;

    #[tokio::test]
    async fn whoever_has_been_sending_for_the_longest_makes_room() {
        let strangers = Strangers::new(2);
        let first = strangers.enter().await.unwrap();
        let first = tokio::spawn(first.wait_for(pending::<()>()));
        let second = strangers.enter().await.unwrap();
        let third = strangers.enter().await.unwrap();
        assert!(first.await.unwrap().is_none());
        let (_second, _held) = second.wait_for(ready(())).await.unwrap();
        let (_third, _too) = third.wait_for(ready(())).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_has_sent_a_request_keeps_the_place_until_it_is_looked_at() {
        let strangers = Strangers::new(1);
        let (_sent, held) = strangers.enter().await.unwrap().wait_for(ready(())).await.unwrap();
        assert!(strangers.enter().await.is_none());
        drop(held);
        assert!(strangers.enter().await.is_some());
    }

    #[tokio::test]
    async fn whoever_goes_leaves_nothing_behind() {
        let strangers = Strangers::new(1);
        for _ in 0..3 {
            drop(strangers.enter().await.unwrap());
        }
        assert_eq!((strangers.coming.lock().unwrap().waits.len(), strangers.places.available_permits()), (0, 1));
    }
}

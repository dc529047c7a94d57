//! Destroying what the record has doomed, off the caller's path.

use super::Service;
use crate::model::{Claim, ObjectId};
use crate::store;

/// How many objects are destroyed in one go before others get a turn.
const BATCH: u32 = 100;

impl Service {
    /// Starts destroying these objects. They are on record as doomed, so whatever is not done now the janitor does.
    pub(super) fn destroy_soon(&self, doomed: &[ObjectId]) {
        if doomed.is_empty() {
            return;
        }
        let (service, doomed) = (self.clone(), doomed.to_vec());
        tokio::spawn(async move {
            for object in doomed {
                service.destroy(object).await;
            }
        });
    }

    /// Destroys everything that is on record as doomed, and leaves what cannot be destroyed yet for the next time.
    pub(super) async fn destroy_doomed(&self) {
        let mut after = None;
        loop {
            let doomed = match self.store.doomed(after, BATCH).await {
                Ok(doomed) => doomed,
                Err(error) => {
                    tracing::error!(%error, "what is to be destroyed could not be read");
                    return;
                }
            };
            for object in &doomed {
                self.destroy(*object).await;
            }
            after = doomed.last().copied();
            if doomed.len() < BATCH as usize {
                return;
            }
        }
    }

    async fn destroy(&self, object: ObjectId) {
        crate::failpoint::reach("destroy.begun");
        if let Err(error) = self.hsm.call(move |token| token.destroy(&object)).await {
            tracing::warn!(%error, %object, "an object could not be destroyed yet");
            return;
        }
        crate::failpoint::reach("destroy.gone");
        if let Err(error) = self.store.destroyed(&object).await {
            tracing::warn!(%error, %object, "a destruction could not be recorded yet");
        }
    }

    /// Ends a claim that came to nothing, and dooms its object; the attempt counts.
    pub(super) async fn give_up(&self, claim: &Claim) {
        let released = self.store.release(claim, self.settings.max_attempts, self.clock.now()).await;
        self.given_up(&claim.object, released).await;
    }

    /// As [`Service::give_up`], where the caller was not at fault: the attempt does not count.
    pub(super) async fn refund(&self, claim: &Claim) {
        let refunded = self.store.refund(claim, self.clock.now()).await;
        self.given_up(&claim.object, refunded).await;
    }

    /// Dooms what the token may hold even where the claim is gone: the janitor may have ended it, and destroyed nothing, while
    /// the token was still to act. What cannot be recorded now stays claimed, and the janitor ends it.
    pub(super) async fn given_up(&self, object: &ObjectId, ended: Result<(), store::Error>) {
        let doomed = match ended {
            Ok(()) => self.store.doom_unless_needed(object, self.clock.now()).await,
            Err(error) => Err(error),
        };
        match doomed {
            Ok(true) => self.destroy_soon(&[*object]),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, %object, "a claim could not be ended yet"),
        }
    }
}

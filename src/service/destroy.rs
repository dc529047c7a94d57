//! Destroying what the record has doomed, off the caller's path.

use super::Service;
use crate::model::{Claim, ObjectId};

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

    /// Destroys everything that is on record as doomed.
    pub(super) async fn destroy_doomed(&self) {
        loop {
            let doomed = match self.store.doomed(BATCH).await {
                Ok(doomed) => doomed,
                Err(error) => {
                    tracing::error!(%error, "what is to be destroyed could not be read");
                    return;
                }
            };
            let mut destroyed = 0;
            for object in &doomed {
                destroyed += usize::from(self.destroy(*object).await);
            }
            if destroyed == 0 || doomed.len() < BATCH as usize {
                return;
            }
        }
    }

    async fn destroy(&self, object: ObjectId) -> bool {
        crate::failpoint::reach("destroy.begun");
        if let Err(error) = self.hsm.call(move |token| token.destroy(&object)).await {
            tracing::warn!(%error, %object, "an object could not be destroyed yet");
            return false;
        }
        crate::failpoint::reach("destroy.gone");
        match self.store.destroyed(&object).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, %object, "a destruction could not be recorded yet");
                false
            }
        }
    }

    /// Ends a claim that came to nothing. Where even that fails the claim stays on record, and the janitor ends it.
    pub(super) async fn give_up(&self, claim: &Claim) {
        let now = self.clock.now();
        match self.store.release(claim, self.settings.max_attempts, now).await {
            Ok(()) => self.destroy_soon(&[claim.object]),
            Err(error) => tracing::error!(%error, object = %claim.object, "a claim could not be ended yet"),
        }
    }
}

//! Where the next wrapping key pair comes from.
//!
//! A pair that stands ready is taken in one transaction. Else one is made while the caller waits; where the caller stops
//! waiting first, the pair is finished all the same and stands ready for the next. A pool that fills itself ahead of demand
//! fits behind [`Service::take_pair`].

use super::{Call, Error, Service, TRIES};
use crate::model::{Issue, ObjectId, PairUse, WrappingKey, WrappingKeyId, WrappingKeySpec, WrappingKeyState};
use crate::store;

impl Service {
    /// Hands out a wrapping key pair, on record as issued.
    pub(super) async fn take_pair(&self, call: &Call, spec: WrappingKeySpec, issue: &Issue) -> Result<WrappingKey, Error> {
        let pair_use = issue.path.pair_use();
        let token = &self.hsm.profile().serial_number;
        for _ in 0..TRIES {
            if let Some(ready) = self.store.take_wrapping_key(spec, pair_use, token, issue).await? {
                return Ok(ready);
            }
            let service = self.clone();
            let making = tokio::spawn(async move { service.make_pair(spec, pair_use).await });
            let made = match call.deadline {
                Some(deadline) => tokio::time::timeout_at(deadline.into(), making).await.map_err(|_| Error::Timeout)?,
                None => making.await,
            };
            let id = made.map_err(|_panicked| crate::hsm::Error::Stopped)??;
            match self.store.issue_wrapping_key(&id, issue).await {
                // Another caller was quicker to take the pair that this one made: then theirs may be ready, or it is made anew.
                Err(store::Error::Conflict) => {}
                issued => return Ok(issued?),
            }
        }
        Err(Error::Timeout)
    }

    /// Makes a wrapping key pair, on record as ready.
    async fn make_pair(&self, spec: WrappingKeySpec, pair_use: PairUse) -> Result<WrappingKeyId, Error> {
        let object = ObjectId::random();
        let record = WrappingKey {
            id: WrappingKeyId::random(),
            object,
            token: self.hsm.profile().serial_number.clone(),
            spec,
            pair_use,
            state: WrappingKeyState::Making,
            spki: Vec::new(),
            created_at: self.clock.now(),
            issue: None,
            attempts: 0,
            answer: None,
        };
        self.store.begin_wrapping_key(&record).await?;
        crate::failpoint::reach("issue.begun");
        let made = self.hsm.make(move |token| token.make_wrapping_key(&object, spec, pair_use)).await;
        let spki = match made {
            Ok(spki) => spki,
            Err(error) => {
                self.abandon(&record).await;
                return Err(error.into());
            }
        };
        match self.store.wrapping_key_ready(&record.id, &spki).await {
            Ok(()) => {}
            // It may have been recorded all the same, and then stands ready; else the janitor ends it.
            Err(error @ store::Error::Unreachable(_)) => return Err(error.into()),
            Err(error) => {
                self.abandon(&record).await;
                return Err(error.into());
            }
        }
        crate::failpoint::reach("issue.ready");
        Ok(record.id)
    }

    /// Ends a making that came to nothing.
    async fn abandon(&self, record: &WrappingKey) {
        let abandoned = match self.store.abandon_wrapping_key(&record.id, self.clock.now()).await {
            // The janitor was first.
            Err(store::Error::Conflict) => Ok(()),
            abandoned => abandoned,
        };
        self.given_up(&record.object, abandoned).await;
    }
}

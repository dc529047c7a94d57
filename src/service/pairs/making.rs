//! Making a pair: on record before the token begins, and what came of it after.

use super::line::{Line, Turn};
use crate::hsm::{self, MAKERS, Made};
use crate::model::{ObjectId, PairKind, WrappingKey, WrappingKeyId, WrappingKeyState};
use crate::service::capacity::Purpose;
use crate::service::{Error, Service};
use crate::store;

impl Service {
    /// Has pairs made for those who wait, as many at once as there are sessions for it.
    pub(super) fn serve_the_line(&self) {
        while let Some(kind) = self.pairs.line.next_to_make(MAKERS) {
            let service = self.clone();
            tokio::spawn(async move {
                let making = Making { line: service.pairs.line.clone(), kind };
                let made = service.make_pair(kind).await;
                drop(making);
                match made {
                    Ok(()) => service.pairs.stands_ready(kind),
                    Err(error) => service.pairs.line.call(kind, Turn::Failed(error)),
                }
                service.serve_the_line();
            });
        }
    }

    async fn make_pair(&self, kind: PairKind) -> Result<(), Error> {
        let record = self.begin_pair(kind).await?;
        let object = record.object;
        let made = self.hsm.make(move |token| token.make_wrapping_key(&object, kind)).await;
        self.finish_pair(&record, made).await
    }

    /// Puts it on record that a pair is about to be made.
    pub(in crate::service) async fn begin_pair(&self, kind: PairKind) -> Result<WrappingKey, Error> {
        self.admit(Purpose::WrappingKey)?;
        let record = WrappingKey {
            id: WrappingKeyId::random(),
            object: ObjectId::random(),
            token: self.hsm.profile().serial_number.clone(),
            kind,
            state: WrappingKeyState::Making,
            spki: Vec::new(),
            created_at: self.clock.now(),
            issue: None,
            attempts: 0,
            answer: None,
        };
        self.record_or_withdraw(self.store.begin_wrapping_key(&record).await)?;
        crate::failpoint::reach("issue.begun");
        Ok(record)
    }

    /// Puts it on record what came of the making: a pair that stands ready, or nothing.
    pub(in crate::service) async fn finish_pair(
        &self,
        record: &WrappingKey,
        made: Result<Made, hsm::Error>,
    ) -> Result<(), Error> {
        let Made { spki, took } = match made {
            Ok(made) => made,
            Err(error) => {
                if matches!(error, hsm::Error::Full(_)) {
                    self.capacity.token_is_full();
                }
                self.abandon(record).await;
                return Err(error.into());
            }
        };
        self.pairs.pace.made(record.kind.spec, took);
        match self.store.wrapping_key_ready(&record.id, &spki).await {
            Ok(()) => {}
            // It may have been recorded all the same, and then stands ready; else the janitor ends it.
            Err(error @ store::Error::Unreachable(_)) => return Err(error.into()),
            Err(error) => {
                self.abandon(record).await;
                return Err(error.into());
            }
        }
        crate::failpoint::reach("issue.ready");
        Ok(())
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

/// A pair under way for those who wait: it has ended when this is dropped, however.
struct Making {
    line: Line,
    kind: PairKind,
}

impl Drop for Making {
    fn drop(&mut self) {
        self.line.made(self.kind);
    }
}

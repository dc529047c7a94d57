//! Making a pair: on record before the token begins, and what came of it after.

use std::sync::Arc;

use super::line::{Line, Turn};
use crate::hsm::{self, MAKERS, Made};
use crate::model::{ObjectId, PairKind, WrappingKey, WrappingKeyId, WrappingKeyState};
use crate::service::capacity::Purpose;
use crate::service::homes::Home;
use crate::service::{Error, Service};
use crate::store;

impl Service {
    /// Has pairs made for those who wait, as many at once as there are sessions for it.
    pub(super) fn serve_the_line(&self, home: &Arc<Home>) {
        while let Some(kind) = home.pairs.line.next_to_make(MAKERS) {
            let (service, home) = (self.clone(), Arc::clone(home));
            tokio::spawn(async move {
                let making = Making { line: home.pairs.line.clone(), kind };
                let made = service.make_pair(&home, kind).await;
                drop(making);
                match made {
                    Ok(()) => home.pairs.stands_ready(kind),
                    Err(error) => home.pairs.line.call(kind, Turn::Failed(error)),
                }
                service.serve_the_line(&home);
            });
        }
    }

    async fn make_pair(&self, home: &Home, kind: PairKind) -> Result<(), Error> {
        let record = self.begin_pair(home, kind).await?;
        let object = record.object;
        let made = home.hsm.make(move |token| token.make_wrapping_key(&object, kind)).await;
        self.finish_pair(home, &record, made).await
    }

    /// Puts it on record that a pair is about to be made.
    pub(in crate::service) async fn begin_pair(&self, home: &Home, kind: PairKind) -> Result<WrappingKey, Error> {
        home.admit(Purpose::WrappingKey)?;
        let record = WrappingKey {
            id: WrappingKeyId::random(),
            object: ObjectId::random(),
            token: home.serial().to_owned(),
            kind,
            state: WrappingKeyState::Making,
            spki: Vec::new(),
            created_at: self.clock.now(),
            issue: None,
            attempts: 0,
            answer: None,
        };
        home.record_or_withdraw(self.store.begin_wrapping_key(&record).await)?;
        crate::failpoint::reach("issue.begun");
        Ok(record)
    }

    /// Puts it on record what came of the making: a pair that stands ready, or nothing.
    pub(in crate::service) async fn finish_pair(
        &self,
        home: &Home,
        record: &WrappingKey,
        made: Result<Made, hsm::Error>,
    ) -> Result<(), Error> {
        let Made { spki, took } = match made {
            Ok(made) => made,
            Err(error) => {
                if matches!(error, hsm::Error::Full(_)) {
                    home.capacity.token_is_full();
                }
                self.abandon(record).await;
                return Err(error.into());
            }
        };
        home.pairs.pace.made(record.kind.spec, took);
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
        self.given_up(&record.object, &record.token, abandoned).await;
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

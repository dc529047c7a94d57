//! Objects that the record names and their token does not show: another process has made them, or they are gone.

use std::sync::Arc;

use super::homes::Home;
use super::{Error, Service};
use crate::hsm;
use crate::model::ObjectId;

impl Service {
    /// What is said of an object that the record names and its token does not show. Where other processes use the token too, it may be one of
    /// theirs that this one's module does not see until it looks afresh, which it does now: another replica, or this one in a moment, may
    /// use it. What is not seen then either is gone.
    pub(super) fn missed(&self, home: &Arc<Home>, object: ObjectId, gone: hsm::Error) -> Error {
        if self.store.kind() == "sqlite" || !home.hsm.misses(object) {
            return gone.into();
        }
        tracing::warn!(%object, token = home.label(), "the token does not show an object that the record names; looking afresh");
        let home = Arc::clone(home);
        tokio::spawn(async move { home.hsm.settle_doubts().await });
        hsm::Error::gone().into()
    }

    /// What is said of a failure: as [`Service::missed`] where it is that the token does not show this object.
    pub(super) fn perhaps_missed(&self, home: &Arc<Home>, object: ObjectId, error: Error) -> Error {
        match error {
            Error::Hsm(gone @ hsm::Error::Missing(missing)) if missing == object => self.missed(home, object, gone),
            error => error,
        }
    }
}

//! Further tokens that are not there when the service starts: it serves without them, and with each from when it comes.
//!
//! Until then keys in such a token are refused as those of one that this replica does not have, and health tells of it by the name that it is
//! looked for by.

use std::sync::{Arc, PoisonError};

use super::homes::Home;
use super::installation::belonging_further;
use super::{Service, StartError};
use crate::hsm::{Condition, Hsm, MOST_HANGING, OpenError, Opening, Trouble, pause_after};

/// A further token that has not come yet.
#[derive(Debug)]
pub struct Away {
    /// How it is opened.
    pub opening: Opening,
    /// Why it was not.
    pub why: OpenError,
}

impl Service {
    /// Waits for the tokens that were not there at the start, and serves with them; until the process ends.
    pub async fn await_tokens(self) {
        let awaited = std::mem::take(&mut *self.awaited.lock().unwrap_or_else(PoisonError::into_inner));
        for away in awaited {
            tokio::spawn(self.clone().await_token(away.opening));
        }
    }

    async fn await_token(self, mut opening: Opening) {
        let name = super::health::name_of_further(opening.name());
        let mut tries = 0;
        loop {
            // No more is tried then than of a token that was there.
            if opening.hanging() >= MOST_HANGING {
                return self.learn_of_token(&name, Condition::Ill(Trouble::GivenUp));
            }
            tries += 1;
            let trouble = match opening.attempt().await {
                Ok(hsm) => match self.take_in(hsm.clone()).await {
                    Ok(home) => {
                        tracing::info!(token = home.label(), "a token that was away has come");
                        // Tries that come back after all are closed again.
                        drop(opening);
                        let condition = home.hsm.condition();
                        tokio::spawn(self.clone().keep_one_filled(home));
                        return self.watch_token(&name, condition).await;
                    }
                    Err(error) => {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            name,
                            "a token has come and is not served with"
                        );
                        // That waits for its threads.
                        drop(tokio::task::spawn_blocking(move || drop(hsm)));
                        Trouble::Failing
                    }
                },
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, name, "a token is still away");
                    if error.is_of_the_pin() {
                        // Another try could lock it.
                        return self.learn_of_token(&name, Condition::Ill(Trouble::PinRefused));
                    }
                    error.trouble()
                }
            };
            self.learn_of_token(&name, Condition::Ill(trouble));
            tokio::time::sleep(pause_after(tries)).await;
        }
    }

    /// Does for a token that has come what a start does for one that is there.
    async fn take_in(&self, hsm: Hsm) -> Result<Arc<Home>, StartError> {
        let serial = &hsm.profile().serial_number;
        if self.homes.of(serial).is_some() {
            return Err(StartError::Twice(serial.clone()));
        }
        hsm.profile().isolation.require_fit()?;
        let objects = belonging_further(&self.store, &hsm, self.installation).await?;
        self.store.serve_with(&[serial], self.clock.now()).await?;
        let home = Arc::new(Home::new(hsm, &self.settings));
        self.rehearse_in(&home).await?;
        self.report_unknown_in(&home, &objects.own_keys()).await.map_err(StartError::Recovery)?;
        self.report_missing_in(&home).await.map_err(StartError::Recovery)?;
        self.count_objects_in(&home).await?;
        self.homes.take_in(&home);
        self.destroy_soon();
        Ok(home)
    }
}

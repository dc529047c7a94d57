//! Destroying what the record has doomed, off the caller's path.

mod reaper;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

pub(super) use reaper::Reaper;

use super::homes::Home;
use super::{Error, Service};
use crate::hsm::{self, Swept};
use crate::model::{Claim, ObjectId};
use crate::store::{self, Leftover};

/// How many objects are destroyed before it is seen whether they are gone.
const BATCH: usize = 100;

/// How many records of them are read at once.
const PAGE: u32 = 200;

/// How many times as long as it took to see that objects are gone nothing more is destroyed: seeing it is linear in the token's
/// objects, and a token that holds many has better things to do all the time.
const REST: u32 = 4;

/// How long what another process has doomed is left to it: many times as long as a busy one takes. Two that destroy the same search for
/// what the other was quicker with, and a search is linear in the token's objects.
const LEFT_ALONE: Duration = Duration::from_secs(30);

/// Whose work it is that is done.
#[derive(Clone, Copy, Debug)]
enum Whose {
    /// Of this process, and of others what they should have done long ago.
    Ours,
    /// Of whatever process: it may be dead.
    Anybodys,
}

/// What an attempt that ended so may have left in the token.
pub(super) fn leftover_of(error: &hsm::Error) -> Leftover {
    if error.leaves_nothing() { Leftover::Nothing } else { Leftover::Perhaps }
}

/// What came of a batch.
struct Batch {
    /// Whether more are left that were not tried.
    more: bool,
    /// How long it took to see that its objects are gone.
    looking: Duration,
}

impl Service {
    /// Starts destroying what is doomed. It is on record as such, so whatever is not done now the janitor does.
    pub(super) fn destroy_soon(&self) {
        for home in self.homes.all() {
            self.destroy_soon_in(home);
        }
    }

    fn destroy_soon_in(&self, home: &Arc<Home>) {
        if !home.reaper.begins() {
            return;
        }
        let (service, home) = (self.clone(), Arc::clone(home));
        tokio::spawn(async move {
            loop {
                service.destroy_doomed(&home).await;
                if home.reaper.rests() {
                    return;
                }
            }
        });
    }

    /// Destroys everything that this process has doomed in a token, or that was doomed long ago, and leaves what cannot be destroyed yet for
    /// the next time.
    async fn destroy_doomed(&self, home: &Home) {
        let mut tried = HashSet::new();
        while let Some(batch) = self.destroy_batch(home, Whose::Ours, &mut tried, BATCH).await {
            tokio::time::sleep(batch.looking * REST).await;
            if !batch.more {
                return;
            }
        }
    }

    /// Destroys so many of the doomed of each token, whoever doomed them; whether more are left.
    pub(super) async fn destroy_first(&self, most: usize) -> bool {
        let mut more = false;
        for home in self.homes.all() {
            more |=
                self.destroy_batch(home, Whose::Anybodys, &mut HashSet::new(), most).await.is_some_and(|batch| batch.more);
        }
        more
    }

    /// Destroys those of the doomed that were not tried, and what is doomed meanwhile: seeing that objects are gone takes as long
    /// for many as for one. `None` where there is none, or it is of no use to go on.
    async fn destroy_batch(&self, home: &Home, whose: Whose, tried: &mut HashSet<ObjectId>, most: usize) -> Option<Batch> {
        let _alone = home.reaper.batch.lock().await;
        let mut all = Swept::default();
        let mut more = false;
        while all.tried < most {
            let doomed = self.untried(home, whose, tried, most - all.tried).await?;
            more = !doomed.is_empty();
            if !more {
                break;
            }
            crate::failpoint::reach("destroy.begun");
            let part = match home.hsm.sweep(move |token| Ok(token.destroy_all(&doomed))).await {
                Ok(part) => part,
                Err(error) => {
                    tracing::warn!(%error, "objects could not be destroyed yet");
                    break;
                }
            };
            tried.extend(part.gone.iter().chain(&part.destroyed).chain(part.left.iter().map(|(id, _)| id)));
            all.tried += part.tried;
            all.gone.extend(part.gone);
            all.destroyed.extend(part.destroyed);
            all.left.extend(part.left);
        }
        if all.tried == 0 {
            return None;
        }
        let unseen = std::mem::take(&mut all.gone);
        let confirmed = home.hsm.sweep(move |token| {
            let looking = token.confirm(&mut all);
            Ok((all, looking))
        });
        let (swept, looking) = match confirmed.await {
            Ok(confirmed) => confirmed,
            Err(error) => {
                tracing::warn!(%error, "whether objects are destroyed could not be seen yet");
                return None;
            }
        };
        crate::failpoint::reach("destroy.gone");
        for (object, error) in &swept.left {
            tracing::warn!(%error, %object, "an object could not be destroyed yet");
        }
        for recorded in [self.store.destroyed(&swept.gone).await, self.forget_unseen(&unseen).await] {
            match recorded {
                Ok(gone) => home.make_room(gone),
                Err(error) => tracing::warn!(%error, "destructions could not be recorded yet"),
            }
        }
        Some(Batch { more, looking })
    }

    /// Puts it on record in which token the doomed are of which that is not said. A program that knows one token only leaves them so: where it is
    /// in none that is served here, it is left until a replica comes that has them all, and then is to be missed in the first.
    pub(super) async fn place_the_doomed(&self) -> Result<(), Error> {
        let unsaid = self.store.doomed("", None, PAGE).await?;
        if unsaid.is_empty() {
            return Ok(());
        }
        let has_all = self.store.tokens().await?.iter().all(|token| self.homes.of(token).is_some());
        for object in unsaid {
            let (mut found, mut asked_all) = (None, true);
            for home in self.homes.all() {
                match home.hsm.sweep(move |token| token.contains(&object)).await {
                    Ok(true) => found = Some(home),
                    Ok(false) => {}
                    // Another time, when it can be asked.
                    Err(_) => asked_all = false,
                }
            }
            let place = found.or((has_all && asked_all).then(|| self.homes.first()));
            if let Some(home) = place {
                self.store.doomed_in(&object, home.serial()).await?;
            }
        }
        Ok(())
    }

    /// Takes objects off the record that were to be destroyed and were not found. Where other processes use the token too, that is
    /// no proof: it may be one of theirs that this one's module does not show yet (SoftHSM 2.6.1 misses some of what another process
    /// makes, until something else is made). Then it is left to be looked for again, by each replica in its rounds and above all by the one
    /// that made it or by one that starts, for as long as a claim could take.
    async fn forget_unseen(&self, unseen: &[ObjectId]) -> Result<u64, store::Error> {
        match self.store.kind() {
            "sqlite" => self.store.destroyed(unseen).await,
            _ => self.store.not_found(unseen, self.stale_since()).await,
        }
    }

    /// Up to `most` of the doomed that were not tried yet; `None` where the record does not say.
    async fn untried(&self, home: &Home, whose: Whose, tried: &HashSet<ObjectId>, most: usize) -> Option<Vec<ObjectId>> {
        let (mut after, mut untried) = (None, Vec::new());
        let left_alone_until = self.clock.now().before(LEFT_ALONE);
        loop {
            let page = match whose {
                Whose::Ours => self.store.doomed_here(home.serial(), left_alone_until, after, PAGE).await,
                Whose::Anybodys => self.store.doomed(home.serial(), after, PAGE).await,
            };
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "what is to be destroyed could not be read");
                    return None;
                }
            };
            untried.extend(page.iter().filter(|id| !tried.contains(id)).take(most - untried.len()));
            after = page.last().copied();
            if untried.len() == most || page.len() < PAGE as usize {
                return Some(untried);
            }
        }
    }

    /// Ends a claim that came to nothing, and dooms its object where the token may have it; the attempt counts.
    pub(super) async fn give_up(&self, claim: &Claim, leftover: Leftover) {
        let released = self.store.release(claim, leftover, self.settings.max_attempts, self.clock.now()).await;
        self.ended(claim, leftover, released).await;
    }

    /// As [`Service::give_up`], where the caller was not at fault: the attempt does not count.
    pub(super) async fn refund(&self, claim: &Claim, leftover: Leftover) {
        let refunded = self.store.refund(claim, leftover, self.clock.now()).await;
        self.ended(claim, leftover, refunded).await;
    }

    async fn ended(&self, claim: &Claim, leftover: Leftover, ended: Result<(), store::Error>) {
        match (leftover, ended) {
            (Leftover::Perhaps, ended) => self.given_up(&claim.object, &claim.token, ended).await,
            (Leftover::Nothing, Ok(())) => {
                if let Some(home) = self.homes.of(&claim.token) {
                    home.make_room(1);
                }
                // The last attempt under a set takes its wrapping key along.
                self.destroy_soon();
            }
            (Leftover::Nothing, Err(error)) => {
                tracing::error!(%error, object = %claim.object, "a claim could not be ended yet")
            }
        }
    }

    /// Dooms what the token may hold even where the claim is gone: the janitor may have ended it, and destroyed nothing, while
    /// the token was still to act. What cannot be recorded now stays claimed, and the janitor ends it.
    pub(super) async fn given_up(&self, object: &ObjectId, token: &str, ended: Result<(), store::Error>) {
        let doomed = match ended {
            Ok(()) => self.store.doom_unless_needed(object, token, self.clock.now()).await,
            Err(error) => Err(error),
        };
        match doomed {
            Ok(true) => self.destroy_soon(),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, %object, "a claim could not be ended yet"),
        }
    }
}

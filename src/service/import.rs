//! ImportKeyMaterial: claim → unwrap and prove in the token → settle.

mod arrival;

use std::time::{Duration, Instant};

pub(super) use arrival::{Incoming, material_id};

use super::approval::Approval;
use super::capacity::Purpose;
use super::destroy::leftover_of;
use super::homes::Home;
use super::statements::Witnessed;
use super::{Call, Error, ImportKeyMaterial, Imported, Proof, Service, TRIES};
use crate::hsm::{self, Import, Token};
use crate::model::{
    Answer, Claim, Invalid, Issue, Key, KeyRef, KeySpec, Material, MaterialPresence, ObjectId, Refused, Rotation,
    UnwrapPath, WrappingAlgorithm, WrappingKey, WrappingKeyState,
};
use crate::store::{Claimed, Leftover, Settled};

/// Refusals after RSA are answered on multiples of this, so that the time they take does not tell how far the token got.
const BEAT: Duration = Duration::from_millis(250);

/// What is to be done about an import whose request is right.
#[derive(Debug)]
pub(super) enum Course {
    /// It has succeeded before: the same answer.
    Repeat(Imported),
    /// It is to be done under this set, this way.
    Import(Box<WrappingKey>, UnwrapPath),
}

impl Service {
    /// ImportKeyMaterial.
    ///
    /// # Errors
    /// In the reference's order: fields, key, origin, state, import token, length of the blob; then, all alike, whatever RSA
    /// touched; then whether it is the material that the key expects. A failure consumes nothing, but counts.
    pub async fn import_key_material(&self, call: &Call, request: ImportKeyMaterial) -> Result<Imported, Error> {
        call.trail.asks(request.shown());
        let (key_id, incoming) = Incoming::check(request, self.clock.now())?;
        let key = self.look_up(&call.principal.account, key_id, KeyRef::IdOrArn).await?;
        let claimed = self.claimed_path(&key, &incoming.import_token);
        let mut approval = self.require_import(call, &key, &incoming, claimed)?;
        let imported = match self.look_at(&key, &incoming).await? {
            Course::Repeat(imported) => imported,
            Course::Import(pair, path) => {
                // Sets outlive settings: this one may be for another way in than new ones are.
                if claimed != Some(path) {
                    approval = self.require_import(call, &key, &incoming, Some(path))?;
                }
                match approval {
                    Approval::Needed => return Err(self.hold(call, &key, &pair, incoming).await),
                    Approval::NotNeeded => self.bring_in(&key, &pair, &incoming).await?,
                }
            }
        };
        imported.leaves_on(&call.trail);
        Ok(imported)
    }

    /// Checks an import as far as it can be before anything is changed.
    pub(super) async fn look_at(&self, key: &Key, incoming: &Incoming) -> Result<Course, Error> {
        key.expect(&incoming.arrival).map_err(self.refusal(key))?;
        let pair = self.verify_import_token(key, &incoming.import_token).await?;
        let issue = pair.issue.as_ref().ok_or(Error::InvalidImportToken)?;
        if pair.state == WrappingKeyState::Consumed {
            return self.repeat(key, incoming, pair.answer.as_ref()).await.map(Course::Repeat);
        }
        if !issue.algorithm.fits(pair.kind.spec, incoming.ciphertext.len()) {
            return Err(Invalid::new("encryptedKeyMaterial", "Invalid encrypted key size.").into());
        }
        let path = issue.path;
        self.require_served(key, &pair, issue)?;
        Ok(Course::Import(Box::new(pair), path))
    }

    /// Does an import that was checked: claim → unwrap and prove in the token → settle.
    pub(super) async fn bring_in(&self, key: &Key, pair: &WrappingKey, incoming: &Incoming) -> Result<Imported, Error> {
        let home = self.home(key)?;
        let (object, claimed_at, token) = (ObjectId::random(), self.clock.now(), home.serial().to_owned());
        let claim = Claim { object, wrapping_key: Some(pair.id), claimed_at, token };
        home.admit(Purpose::Material)?;
        let claimed = self.store.claim(&claim, self.settings.max_attempts, claim.claimed_at).await;
        let claimed = home.record_or_withdraw(claimed);
        if let Err(crate::store::Error::Unreachable(_)) = &claimed {
            // Perhaps it is on record; the token has not acted, and the caller is not at fault.
            let (service, claim) = (self.clone(), claim.clone());
            tokio::spawn(async move { service.refund(&claim, Leftover::Nothing).await });
        }
        match claimed? {
            Claimed::Claimed => {}
            refused => {
                home.capacity.freed(1);
                return match refused {
                    Claimed::Consumed(answer) => self.repeat(key, incoming, Some(&answer)).await,
                    Claimed::Claimed | Claimed::Dead => Err(Error::InvalidImportToken),
                };
            }
        }
        crate::failpoint::reach("import.claimed");
        let began = Instant::now();
        match self.unwrap(home, key, pair, &claim, incoming).await {
            Ok(Ok(witnessed)) => self.settle(key.clone(), pair, &claim, incoming, witnessed).await,
            Ok(Err(refused)) => {
                self.give_up(&claim, Leftover::Nothing).await;
                Err(self.refusal(key)(refused))
            }
            Err(hsm::Error::Busy) => {
                self.refund(&claim, Leftover::Nothing).await;
                Err(hsm::Error::Busy.into())
            }
            Err(hsm::Error::Rejected) => {
                self.give_up(&claim, Leftover::Nothing).await;
                on_the_beat(began).await;
                self.explain(key, pair, incoming, Error::InvalidCiphertext).await
            }
            Err(error) => {
                // A request that ends the process or the thread counts, or it could be sent without end.
                let leftover = leftover_of(&error);
                match error {
                    hsm::Error::Hanging | hsm::Error::Stopped => self.give_up(&claim, leftover).await,
                    _ => self.refund(&claim, leftover).await,
                }
                on_the_beat(began).await;
                self.explain(key, pair, incoming, error.into()).await
            }
        }
    }

    /// What is to be said of an import that the token broke off: often that another one was quicker, and took the wrapping key away.
    async fn explain(&self, key: &Key, pair: &WrappingKey, incoming: &Incoming, error: Error) -> Result<Imported, Error> {
        let Some(pair) = self.store.wrapping_key(&pair.id).await? else { return Err(Error::InvalidImportToken) };
        match pair.state {
            WrappingKeyState::Consumed => self.repeat(key, incoming, pair.answer.as_ref()).await,
            WrappingKeyState::Expired => Err(Error::TokenExpired),
            // Dead by this very attempt, as like as not: what it failed of is what is to be said.
            WrappingKeyState::Dead | WrappingKeyState::Making | WrappingKeyState::Ready | WrappingKeyState::Issued => {
                Err(self.perhaps_missed(self.home(key)?, pair.object, error))
            }
        }
    }

    /// Sets outlive settings: one that was issued under a wider bound, for another token, or where there was SM2, is not served any more.
    fn require_served(&self, key: &Key, pair: &WrappingKey, issue: &Issue) -> Result<(), Error> {
        if pair.token != key.token {
            return Err(self.elsewhere(key, &pair.token));
        }
        if issue.algorithm == WrappingAlgorithm::Sm2pke {
            self.require_sm2(format!("Wrapping algorithm {} is not supported any more", issue.algorithm))?;
        }
        if key.spec == KeySpec::Sm2 {
            self.require_sm2(format!("Key material for KeySpec {} is not supported any more", key.spec))?;
        }
        let (profile, path) = (self.home(key)?.profile(), issue.path);
        if profile.host_assisted.permits(path.exposure()) {
            return Ok(());
        }
        Err(Error::Unsupported(format!(
            "These parameters are for unwrapping with {} on the host, which hsm.host_assisted = \"{}\" does not permit any more: get new ones.",
            path.exposure(),
            profile.host_assisted,
        )))
    }

    async fn unwrap(
        &self,
        home: &Home,
        key: &Key,
        pair: &WrappingKey,
        claim: &Claim,
        incoming: &Incoming,
    ) -> Result<Result<Witnessed, Refused>, hsm::Error> {
        let (Some(issue), Some(kind)) = (&pair.issue, key.spec.material()) else { return Err(hsm::Error::Rejected) };
        let import = Import {
            wrapping_key: pair.object,
            spki: pair.spki.clone(),
            algorithm: issue.algorithm,
            path: issue.path,
            ciphertext: incoming.ciphertext.clone(),
            kind,
            usage: key.usage,
            object: claim.object,
        };
        let notary = self.notary(home, key, pair, incoming.digest(&key.id))?;
        let (key, arrival, now) = (key.clone(), incoming.arrival.clone(), self.clock.now());
        let bring = move |token: &Token| {
            token.import(&import, |proved| key.recognise(&arrival, &proved.evidence.material_id(&key.id), now))
        };
        self.witnessed(home, claim.object, notary, bring).await
    }

    /// Records what lies in the token. Where another import or change came first, what lies there is doomed instead.
    async fn settle(
        &self,
        mut key: Key,
        pair: &WrappingKey,
        claim: &Claim,
        incoming: &Incoming,
        Witnessed { proved, receipt }: Witnessed,
    ) -> Result<Imported, Error> {
        let exposure = pair.issue.as_ref().map(|issue| issue.path.exposure()).ok_or(Error::InvalidImportToken)?;
        let digest = incoming.digest(&key.id);
        for _ in 0..TRIES {
            let now = self.clock.now();
            let material = Material {
                id: proved.evidence.material_id(&key.id),
                object: claim.object,
                presence: MaterialPresence::Imported,
                rotation: Rotation::Current,
                rotated_at: None,
                description: String::new(),
                expiration: incoming.arrival.expiration,
                imported_at: now,
                spki: proved.spki(),
                kcv: proved.kcv,
                exposure,
            };
            let answer = Answer {
                digest,
                material: material.id,
                kcv: material.kcv,
                spki: material.spki.clone(),
                exposure,
                receipt: receipt.clone(),
            };
            let before = key.clone();
            let doomed = match key.accept(incoming.arrival.clone(), material, now) {
                Ok(doomed) => doomed,
                Err(refused) => {
                    self.give_up(claim, Leftover::Perhaps).await;
                    return Err(self.refusal(&key)(refused));
                }
            };
            key.note_relations(&before, now);
            let settled = match self.store.settle(claim, &key, &doomed, &answer, now).await {
                Err(lost @ crate::store::Error::Unreachable(_)) => match self.was_consumed(pair, lost).await? {
                    // By this very import, as like as not: the same answer then.
                    Some(first) => Settled::AlreadyConsumed(first),
                    None => Settled::KeyChanged,
                },
                settled => settled?,
            };
            match settled {
                Settled::Settled => {
                    crate::failpoint::reach("import.settled");
                    self.destroy_soon();
                    if key.relations.is_some() {
                        self.touch.note();
                    }
                    return Ok(self.imported(&key, &answer));
                }
                Settled::AlreadyConsumed(first) => {
                    self.give_up(claim, Leftover::Perhaps).await;
                    return self.repeat(&key, incoming, Some(&first)).await;
                }
                Settled::KeyChanged => match self.load(&key.account, &key.id).await {
                    Ok(changed) => key = changed,
                    Err(error) => {
                        self.give_up(claim, Leftover::Perhaps).await;
                        return Err(error);
                    }
                },
                // The set has expired meanwhile, or the janitor took the claim for one that was cut off.
                Settled::ClaimGone => {
                    self.give_up(claim, Leftover::Perhaps).await;
                    return self.explain(&key, pair, incoming, crate::store::Error::Conflict.into()).await;
                }
            }
        }
        self.give_up(claim, Leftover::Perhaps).await;
        Err(crate::store::Error::Conflict.into())
    }

    /// The answer to a request under a consumed set: the same as before to the very same request, as long as what it brought
    /// is there; a refusal to any other. The key is looked at anew: the import may have come in since the caller did.
    async fn repeat(&self, key: &Key, incoming: &Incoming, first: Option<&Answer>) -> Result<Imported, Error> {
        let key = self.load(&key.account, &key.id).await?;
        let now = self.clock.now();
        let is_there =
            |first: &Answer| key.materials.iter().any(|material| material.id == first.material && material.is_usable(now));
        match first {
            Some(first) if first.digest == incoming.digest(&key.id) && is_there(first) => Ok(self.imported(&key, first)),
            _ => Err(Error::InvalidImportToken),
        }
    }

    fn imported(&self, key: &Key, answer: &Answer) -> Imported {
        let Answer { digest: _, material, kcv, spki, exposure, receipt } = answer.clone();
        let proof = Proof { fingerprint: material, kcv, spki, exposure };
        Imported { arn: self.arn(key), spec: key.spec, proof, receipt }
    }
}

async fn on_the_beat(began: Instant) {
    let beats = began.elapsed().as_nanos() / BEAT.as_nanos() + 1;
    let due = BEAT * u32::try_from(beats).unwrap_or(1);
    tokio::time::sleep_until((began + due).into()).await;
}

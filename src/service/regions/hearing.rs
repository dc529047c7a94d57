//! SynchronizeMultiRegionKey: what another Region tells.

use serde_json::json;

use super::super::keys::MAX_DESCRIPTION;
use super::super::{Call, Error, Service, tags};
use crate::model::invalid::text;
use crate::model::key::{Birth, Replica, Report, Shared, Telling, Told};
use crate::model::{Account, Action, Invalid, Key, KeyArn, KeyId, Principal, key_policy};
use crate::policy::{Circumstances, Resource};

impl Service {
    /// SynchronizeMultiRegionKey: takes what another Region tells of a key, and answers what this one has. It can be told twice.
    ///
    /// # Errors
    /// Where the caller does not speak for that Region, the policies do not let it or whoever asked it, or the key is not related to the
    /// one that is spoken of, has something else to hear first, or cannot be what it is to become.
    pub async fn synchronize_multi_region_key(&self, call: &Call, telling: Telling) -> Result<Report, Error> {
        let Telling { account, key, from, told, only_asks } = telling;
        let arn = self.settings.realm.arn(&account, &key);
        let shown = match &told {
            Told::Shared(shared) => json!({ "generation": shared.generation, "primaryRegion": shared.primary }),
            Told::Report(report) => json!({ "version": report.version, "isLeaving": report.is_leaving }),
        };
        call.trail.asks(json!({ "keyId": key.as_str(), "fromRegion": from, "onlyAsks": only_asks, "told": shown }));
        call.trail.concerns(&account, &arn);
        // A peer keeps the keys of every account.
        let principal = Principal { account: account.clone(), ..call.principal.clone() };
        let acting = Call { principal, ..call.clone() };
        acting.require_in_account(&self.gate, Action::SynchronizeMultiRegionKey, Circumstances::default())?;
        if self.settings.peers.region_of(&call.principal.name) != Some(from.as_str()) {
            return Err(denied(&call.principal.name, Action::SynchronizeMultiRegionKey, &arn));
        }
        let report = match &told {
            Told::Shared(shared) => self.hear_primary(call, &account, &key, &from, shared, only_asks).await?,
            Told::Report(_) if only_asks => return Err(Invalid::new("onlyAsks", "nothing is asked with a report").into()),
            Told::Report(report) => self.hear_replica(&account, &key, &from, report).await?,
        };
        crate::failpoint::reach("region.heard");
        Ok(report)
    }

    async fn hear_primary(
        &self,
        call: &Call,
        account: &Account,
        id: &KeyId,
        from: &str,
        shared: &Shared,
        only_asks: bool,
    ) -> Result<Report, Error> {
        shared.check(from, self.region())?;
        let key = match self.store.key(account, id).await? {
            Some(key) => key,
            None => {
                let absent = || self.settings.realm.absent(account, id);
                let birth = shared.birth.clone().ok_or_else(absent)?;
                match self.bear(call, account, id, shared, birth, only_asks).await {
                    Ok(report) => return Ok(report),
                    // It may be that another process of this Region was told at the same moment.
                    Err(error) => self.store.key(account, id).await?.ok_or(error)?,
                }
            }
        };
        if shared.primary == self.region() && shared.generation > key.generation() {
            self.require_handover(call, &key, shared)?;
        }
        let hears = |key: &mut Key, now| key.hear_primary(self.region(), from, shared, now);
        if only_asks {
            let now = self.clock.now();
            let hears = hears(&mut key.clone(), now).and_then(|_doomed| match shared.primary == self.region() {
                true => key.use_now(now).map(drop),
                false => Ok(()),
            });
            return hears.map(|()| report_of(&key)).map_err(self.refusal(&key));
        }
        let (changed, ()) = self.change(account, id, |key, now| Ok(((), hears(key, now)?))).await?;
        crate::failpoint::reach("region.recorded");
        let current = |key: &Key| key.current().map(|material| material.id);
        if let Some(turn) = current(&changed).filter(|_| current(&changed) != current(&key)) {
            call.trail.adds("currentKeyMaterialId", turn.to_string());
        }
        let gone = key.materials.iter().filter(|one| changed.materials.iter().all(|kept| kept.id != one.id));
        let gone: Vec<_> = gone.map(|material| material.id.to_string()).collect();
        if !gone.is_empty() {
            call.trail.adds("deletedKeyMaterialIds", gone);
        }
        Ok(report_of(&changed))
    }

    async fn hear_replica(&self, account: &Account, id: &KeyId, from: &str, report: &Report) -> Result<Report, Error> {
        let (key, ()) = self.change(account, id, |key, now| Ok((key.hear_replica(from, report, now)?, vec![]))).await?;
        crate::failpoint::reach("region.recorded");
        Ok(report_of(&key))
    }

    /// Makes a replica.
    async fn bear(
        &self,
        call: &Call,
        account: &Account,
        id: &KeyId,
        shared: &Shared,
        birth: Birth,
        only_asks: bool,
    ) -> Result<Report, Error> {
        let Birth { description, tags, policy, requester } = birth;
        let birth = Birth {
            description: text("description", description, 0, MAX_DESCRIPTION)?,
            tags: tags::of(tags.into_iter().collect())?,
            policy: policy.map(key_policy::text).transpose()?,
            requester,
        };
        let arn = self.settings.realm.arn(account, id);
        let circumstances = Circumstances {
            key_spec: Some(shared.spec),
            key_usage: Some(shared.usage),
            key_origin: Some(shared.origin),
            multi_region: Some(true),
            request_tags: Some(birth.tags.clone()),
            ..Circumstances::default()
        };
        let requester = self.requester(call, &birth.requester, account, Action::CreateKey, &arn)?;
        // How the peer is connected says nothing of how they are.
        let decision = self.gate.ask(&requester, Action::CreateKey, Resource::Account(account), &circumstances);
        let asking = Call { principal: requester, ..call.clone() };
        asking.heed(decision, Action::CreateKey, "*")?;
        self.require_spec(shared.spec, shared.usage, shared.origin)?;
        let token = self.homes.for_new(shared.spec, shared.usage, shared.origin)?.serial().to_owned();
        let replica = Replica { id: id.clone(), account: account.clone(), own: self.region(), shared, birth, token };
        let key = Key::replica(replica, self.clock.now()).map_err(|refused| Error::Key { arn: arn.clone(), refused })?;
        if only_asks {
            return Ok(report_of(&key));
        }
        self.gate.count(&asking.principal, Action::CreateKey)?;
        let note = self.gate.about_to("CreateKey", account, arn)?;
        self.insert(&key).await?;
        crate::failpoint::reach("region.recorded");
        note.done(&[]).await?;
        tracing::info!(key = %id, primary = shared.primary, "replica key made");
        Ok(report_of(&key))
    }

    /// Whether whoever asked for another primary may have it here.
    fn require_handover(&self, call: &Call, key: &Key, shared: &Shared) -> Result<(), Error> {
        let (action, arn) = (Action::UpdatePrimaryRegion, self.arn(key));
        let name = shared.requester.as_deref().unwrap_or_default();
        let requester = self.requester(call, name, &key.account, action, &arn)?;
        let circumstances = Circumstances { primary_region: Some(shared.primary.clone()), ..Circumstances::default() };
        let decision = self.gate.ask(&requester, action, Resource::Key { arn: &arn, key }, &circumstances);
        Call { principal: requester, ..call.clone() }.heed(decision, action, arn.as_str())
    }

    /// The principal who asked another Region, as this one knows them.
    fn requester(
        &self,
        call: &Call,
        name: &str,
        account: &Account,
        action: Action,
        arn: &KeyArn,
    ) -> Result<Principal, Error> {
        call.trail.adds("requester", name);
        let known = self.gate.principal(name).filter(|principal| principal.account == *account);
        known.ok_or_else(|| denied(name, action, arn))
    }
}

fn denied(principal: &str, action: Action, arn: &KeyArn) -> Error {
    Error::Denied { principal: principal.to_owned(), action, resource: arn.as_str().to_owned(), forbidden: false }
}

/// Every key that was told of has relations.
fn report_of(key: &Key) -> Report {
    key.own_report().unwrap_or(Report { born: 0, version: key.version, materials: Vec::new(), is_leaving: false })
}

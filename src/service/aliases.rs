//! Aliases: other names for keys.

use serde_json::json;

use super::pages::Wanted;
use super::{AliasPage, AliasShown, AliasTarget, Call, Error, ListAliases, Service};
use crate::model::{Account, Action, Alias, AliasName, Invalid, Key, KeyRef, Refused};
use crate::policy::Circumstances;
use crate::store::Pointed;

/// The most aliases of a key (KMS Developer Guide, "Quotas").
const MOST: u32 = 50;

impl Service {
    /// CreateAlias.
    ///
    /// # Errors
    /// Where the name is wrong or taken, there is no such key, it is pending deletion, or it has as many as it may.
    pub async fn create_alias(&self, call: &Call, request: AliasTarget) -> Result<(), Error> {
        call.trail.asks(json!({ "aliasName": request.alias_name, "targetKeyId": request.target_key_id }));
        let name = AliasName::new(request.alias_name)?;
        let key = self
            .permitted(call, Action::CreateAlias, request.target_key_id, KeyRef::IdOrArn, Circumstances::default())
            .await?;
        key.require_not_pending_deletion().map_err(self.refusal(&key))?;
        let now = self.clock.now();
        let Key { account, id, .. } = key.clone();
        let alias = Alias { account, name, key: id, created_at: now, updated_at: now };
        let pointed = self.store.create_alias(&alias, MOST).await?;
        self.require_pointed(pointed, &alias, &key)
    }

    /// UpdateAlias: gives an alias to another key of the same type and usage. Asked for on both keys.
    ///
    /// # Errors
    /// Where there is no such alias or key, the keys are not alike, or the other one is pending deletion or has as many as it may.
    pub async fn update_alias(&self, call: &Call, request: AliasTarget) -> Result<(), Error> {
        call.trail.asks(json!({ "aliasName": request.alias_name, "targetKeyId": request.target_key_id }));
        let name = AliasName::new(request.alias_name)?;
        let account = &call.principal.account;
        let alias = self.alias(account, &name).await?;
        let before = self.load(account, &alias.key).await?;
        let to = self.look_up(account, request.target_key_id, KeyRef::IdOrArn).await?;
        for key in [&before, &to] {
            call.require(&self.gate, Action::UpdateAlias, &self.arn(key), key, Circumstances::default())?;
        }
        to.require_not_pending_deletion().map_err(self.refusal(&to))?;
        if before.spec.is_symmetric_encryption() != to.spec.is_symmetric_encryption() || before.usage != to.usage {
            let message = format!(
                "Alias {} is of a key for {} and cannot be given to a key for {}: both must be symmetric, asymmetric or HMAC keys, with the same KeyUsage.",
                self.settings.realm.alias_arn(account, &name),
                described(&before),
                described(&to),
            );
            return Err(Invalid::new("targetKeyId", message).into());
        }
        let pointed = self.store.update_alias(&alias, &to.id, MOST, self.clock.now()).await?;
        self.require_pointed(pointed, &alias, &to)
    }

    /// DeleteAlias.
    ///
    /// # Errors
    /// Where the name is wrong, or there is no such alias.
    pub async fn delete_alias(&self, call: &Call, alias_name: String) -> Result<(), Error> {
        call.trail.asks(json!({ "aliasName": alias_name }));
        let name = AliasName::new(alias_name)?;
        let account = &call.principal.account;
        let alias = self.alias(account, &name).await?;
        let key = self.load(account, &alias.key).await?;
        call.require(&self.gate, Action::DeleteAlias, &self.arn(&key), &key, Circumstances::default())?;
        Ok(self.store.delete_alias(&alias).await?)
    }

    /// ListAliases: 50 a page where nothing is said, and 100 at most.
    ///
    /// # Errors
    /// Where there is no such key, the limit is out of range or the marker none of ours.
    pub async fn list_aliases(&self, call: &Call, request: ListAliases) -> Result<AliasPage, Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "limit": request.limit, "marker": request.marker }));
        let wanted = Wanted::of(request.limit, 50, 100, request.marker)?;
        let account = &call.principal.account;
        let key = match request.key_id {
            Some(text) => Some(self.look_up(account, text, KeyRef::IdOrArn).await?.id),
            None => None,
        };
        call.require_in_account(&self.gate, Action::ListAliases, Circumstances::default())?;
        let limit = u32::try_from(wanted.limit + 1).unwrap_or(u32::MAX);
        let following = self.store.list_aliases(account, key.as_ref(), wanted.after.as_deref(), limit).await?;
        let (aliases, next_marker) = wanted.cut(following, |alias| alias.name.to_string());
        Ok(AliasPage { aliases: aliases.into_iter().map(|alias| self.shown(alias)).collect(), next_marker })
    }

    /// The alias of this name, where there is one.
    pub(super) async fn alias(&self, account: &Account, name: &AliasName) -> Result<Alias, Error> {
        let found = self.store.alias(account, name).await?;
        Ok(found.ok_or_else(|| self.settings.realm.no_alias(account, name))?)
    }

    fn shown(&self, alias: Alias) -> AliasShown {
        let Alias { account, name, key, created_at, updated_at } = alias;
        let arn = self.settings.realm.alias_arn(&account, &name);
        AliasShown { name: name.to_string(), arn, target: key, created_at, updated_at }
    }

    fn require_pointed(&self, pointed: Pointed, alias: &Alias, key: &Key) -> Result<(), Error> {
        match pointed {
            Pointed::Pointed => Ok(()),
            Pointed::Taken => Err(Error::AliasTaken(self.settings.realm.alias_arn(&alias.account, &alias.name))),
            Pointed::TooMany => Err(self.refusal(key)(Refused::TooManyAliases)),
        }
    }
}

fn described(key: &Key) -> String {
    format!("{} of spec {}", key.usage, key.spec)
}

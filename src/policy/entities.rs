//! Principals, keys and accounts as Cedar has them.

use cedar_policy::{Entity, EntityUid, RestrictedExpression as Expression};

use super::vocabulary::{Unasked, Vocabulary};
use crate::model::{Account, Key, KeyArn, Principal, Tags};

impl Vocabulary {
    pub(super) fn account_entity(&self, account: &Account) -> Entity {
        Entity::with_uid(self.account(account.as_str()))
    }

    pub(super) fn principal_entity(&self, principal: &Principal) -> Result<Entity, Unasked> {
        let account = self.account(principal.account.as_str());
        let attributes = [("account".to_owned(), Expression::new_entity_uid(account.clone()))];
        Ok(Entity::new_with_tags(self.principal(&principal.name), attributes, [account], tags(&principal.tags))?)
    }

    pub(super) fn key_entity(&self, arn: &KeyArn, key: &Key) -> Result<Entity, Unasked> {
        let account: EntityUid = self.account(key.account.as_str());
        let text = |text: &str| Expression::new_string(text.to_owned());
        let attributes = [
            ("account", Expression::new_entity_uid(account.clone())),
            ("spec", text(key.spec.as_str())),
            ("usage", text(key.usage.as_str())),
            ("origin", text(key.origin.as_str())),
            ("multiRegion", Expression::new_bool(key.id.is_multi_region())),
            ("token", text(&key.token)),
        ];
        let role = if key.is_replica() { "REPLICA" } else { "PRIMARY" };
        let key_type = key.id.is_multi_region().then(|| ("multiRegionKeyType", text(role)));
        let attributes = attributes.into_iter().chain(key_type).map(|(name, value)| (name.to_owned(), value));
        Ok(Entity::new_with_tags(self.key(arn.as_str()), attributes, [account], tags(&key.tags))?)
    }
}

fn tags(tags: &Tags) -> impl Iterator<Item = (String, Expression)> {
    tags.iter().map(|(key, value)| (key.clone(), Expression::new_string(value.clone())))
}

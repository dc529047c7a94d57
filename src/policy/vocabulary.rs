//! The words that policies are written in: the schema, and the names of its types.

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema};

use super::Error;
use crate::model::Action;

/// The schema, in Cedar's own syntax.
pub const SCHEMA: &str = include_str!("../../deploy/policy/keyferry.cedarschema");

/// A question that could not be put to the policies. It is ours: the caller did nothing wrong.
pub(super) type Unasked = Box<dyn std::error::Error>;

/// The schema, and its types by name: parsed once, so that a question builds its entities without parsing anything.
#[derive(Debug)]
pub(super) struct Vocabulary {
    pub(super) schema: Schema,
    account: EntityTypeName,
    principal: EntityTypeName,
    key: EntityTypeName,
    action: EntityTypeName,
}

impl Vocabulary {
    /// Parses what is built in.
    pub(super) fn new() -> Result<Self, Error> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| Error::Schema(error.to_string()))?;
        let name = |name: &str| name.parse().map_err(|_| Error::Schema(format!("{name} names no type")));
        Ok(Self {
            schema,
            account: name("Account")?,
            principal: name("Principal")?,
            key: name("Key")?,
            action: name("Action")?,
        })
    }

    pub(super) fn account(&self, digits: &str) -> EntityUid {
        uid(&self.account, digits)
    }

    pub(super) fn principal(&self, name: &str) -> EntityUid {
        uid(&self.principal, name)
    }

    pub(super) fn key(&self, arn: &str) -> EntityUid {
        uid(&self.key, arn)
    }

    pub(super) fn action(&self, action: Action) -> EntityUid {
        uid(&self.action, action.as_str())
    }
}

/// Never by way of text: a name may hold what Cedar would read as more than a name.
fn uid(of_type: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of_type.clone(), EntityId::new(id))
}

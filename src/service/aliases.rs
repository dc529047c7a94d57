//! Aliases: other names for keys.

use super::{AliasPage, AliasTarget, Call, Error, ListAliases, Service};

impl Service {
    /// CreateAlias.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn create_alias(&self, call: &Call, request: AliasTarget) -> Result<(), Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("CreateAlias is not served yet".to_owned()))
    }

    /// UpdateAlias.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn update_alias(&self, call: &Call, request: AliasTarget) -> Result<(), Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("UpdateAlias is not served yet".to_owned()))
    }

    /// DeleteAlias.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn delete_alias(&self, call: &Call, alias_name: String) -> Result<(), Error> {
        let _ = call;
        let _ = alias_name;
        Err(Error::Unsupported("DeleteAlias is not served yet".to_owned()))
    }

    /// ListAliases.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn list_aliases(&self, call: &Call, request: ListAliases) -> Result<AliasPage, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("ListAliases is not served yet".to_owned()))
    }
}

//! Policy documents that are kept with keys. They decide nothing: the operator's policies do.

use super::{Call, Error, GetKeyPolicy, ListOfKey, PolicyNamePage, PutKeyPolicy, Service};

impl Service {
    /// PutKeyPolicy.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn put_key_policy(&self, call: &Call, request: PutKeyPolicy) -> Result<(), Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("PutKeyPolicy is not served yet".to_owned()))
    }

    /// GetKeyPolicy.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn key_policy(&self, call: &Call, request: GetKeyPolicy) -> Result<String, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("GetKeyPolicy is not served yet".to_owned()))
    }

    /// ListKeyPolicies.
    ///
    /// # Errors
    /// Where it is not done.
    pub async fn list_key_policies(&self, call: &Call, request: ListOfKey) -> Result<PolicyNamePage, Error> {
        let _ = call;
        let _ = request;
        Err(Error::Unsupported("ListKeyPolicies is not served yet".to_owned()))
    }
}

//! Import tokens, with the MAC that only the HSM can make.

use sha2::{Digest, Sha256};

use super::{Error, Service};
use crate::import_token::{Claims, Foreign, Received, Unsigned};
use crate::model::{Key, WrappingKey};

impl Service {
    /// The import token of an issued wrapping key, without its MAC.
    pub(super) fn import_token(&self, key: &Key, pair: &WrappingKey) -> Result<Unsigned, Error> {
        let issue = pair.issue.as_ref().ok_or(Error::InvalidImportToken)?;
        let claims = Claims {
            installation: self.installation,
            key_arn: self.arn(key).to_string(),
            issued_at: issue.issued_at,
            expires_at: issue.expires_at,
            wrapping_key: pair.id,
            spec: pair.kind.spec,
            algorithm: issue.algorithm,
            object: pair.object,
            token: pair.token.clone(),
            spki_hash: Sha256::digest(&pair.spki).into(),
            account: issue.account.clone(),
        };
        Ok(Unsigned::new(&claims, &self.mac_key)?)
    }

    /// The wrapping key of an import token that is ours, for this key, and in time.
    ///
    /// Checks the form, the MAC, the key, the time, and that the record says the same: in this order, nothing past the first
    /// that fails, and none but the time with a word of its own.
    pub(super) async fn verify_import_token(&self, key: &Key, token: &[u8]) -> Result<WrappingKey, Error> {
        let received = Received::parse(token)?;
        if *received.mac_key() != self.mac_key {
            return Err(Error::InvalidImportToken);
        }
        let data = received.to_be_maced();
        let mac = self.own().call(move |token| token.mac(&data)).await?;
        let claims = received.verify(&mac)?;
        let ours = claims.installation == self.installation
            && claims.key_arn == self.arn(key).as_str()
            && claims.account == key.account;
        if !ours {
            return Err(Error::InvalidImportToken);
        }
        if claims.expires_at <= self.clock.now() {
            return Err(Error::TokenExpired);
        }
        let pair = self.store.wrapping_key(&claims.wrapping_key).await?.ok_or(Error::InvalidImportToken)?;
        let issue = pair.issue.as_ref().ok_or(Error::InvalidImportToken)?;
        let agrees = issue.key == key.id
            && issue.algorithm == claims.algorithm
            && issue.expires_at == claims.expires_at
            && pair.kind.spec == claims.spec
            && pair.object == claims.object
            && pair.token == claims.token
            && <[u8; 32]>::from(Sha256::digest(&pair.spki)) == claims.spki_hash;
        if agrees { Ok(pair) } else { Err(Error::InvalidImportToken) }
    }
}

impl From<Foreign> for Error {
    fn from(_: Foreign) -> Self {
        Self::InvalidImportToken
    }
}

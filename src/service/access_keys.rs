//! Access keys: what a caller without a certificate signs with, for a principal of the same policies.
//!
//! No secret is kept anywhere. The token derives one whenever it is needed, by HMAC-SHA-256 under a key that does nothing else,
//! from what the record says of the access key: so there is nothing in a database or a copy of it to steal or to re-encrypt,
//! the token holds one object however many access keys there are, and a row that was forged stands for nobody, for its secret is
//! one that only the token could tell. What it takes to derive them all is what it takes to use every key: the token and its PIN.
//! What this process keeps is what a signature is verified with, good for one day, region and service, and for as long as it is
//! asked for.

mod cache;
mod operator;

pub use operator::{AccessKeyError, Issued, create_access_key, disable_access_key, list_access_keys, rotate_access_key};

use base64ct::{Base64, Encoding};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::installation::always_the_same;
use super::{Error, Service, StartError};
use crate::hsm::{self, Hsm, Listed};
use crate::model::{AccessKey, AccessKeyId, ObjectId};
use crate::sigv4::{Refused, Scope, Signed, SigningKey};
use cache::Cache;

/// The service that callers sign for: the reference's, as their programs believe.
const SERVICE: &str = "kms";

/// As many bytes as make a secret of the reference's length, forty letters.
const SECRET_BYTES: usize = 30;

/// The key on the token that secrets are derived under, and what was derived lately.
#[derive(Debug)]
pub(super) struct AccessKeys {
    object: ObjectId,
    cache: Cache,
}

impl AccessKeys {
    pub(super) fn find(listed: &Listed) -> Result<Self, StartError> {
        let object = always_the_same(&listed.access_keys).ok_or(StartError::NoAccessKeysKey)?;
        Ok(Self { object, cache: Cache::default() })
    }

    pub(super) fn object(&self) -> ObjectId {
        self.object
    }

    /// The secret of an access key, the same each time.
    async fn secret(&self, hsm: &Hsm, derivation: String) -> Result<SecretString, hsm::Error> {
        let object = self.object;
        let mac = hsm.call(move |token| token.mac_under(&object, derivation.as_bytes())).await?;
        let mut text = Zeroizing::new([0; SECRET_BYTES / 3 * 4]);
        let secret = Base64::encode(&mac[..SECRET_BYTES], &mut *text);
        secret.map(SecretString::from).map_err(|error| hsm::Error::Host(format!("a secret in base 64: {error}")))
    }
}

/// Makes the key on the token that secrets are derived under, where it has none.
pub(super) async fn make_missing(hsm: &Hsm, listed: &Listed) -> Result<(), hsm::Error> {
    if listed.access_keys.is_empty() {
        let key = ObjectId::random();
        hsm.make(move |token| token.make_access_keys_key(&key)).await?;
        crate::failpoint::reach("init.derives");
    }
    Ok(())
}

impl Service {
    /// What a request must be signed for.
    pub fn signing_scope(&self) -> Scope<'_> {
        Scope { region: &self.settings.realm.region, service: SERVICE }
    }

    /// The principal that a request is signed for, to be named to the gate as a certificate would name them; and the access key that
    /// it names, where the record has it: any other text may be a secret that was taken for an id.
    ///
    /// The record is asked each time: who disables an access key need not wait. An id that nobody has and one that has ended
    /// come to the same end by the same way, and neither makes the token work.
    ///
    /// # Errors
    /// [`Error::Signature`] where it is signed by nobody whose access key holds, or not with their secret.
    pub async fn authenticate(&self, signed: &Signed) -> (Option<AccessKeyId>, Result<String, Error>) {
        let unknown = Err(Error::from(Refused::UnknownKey));
        let Some(id) = AccessKeyId::parse(signed.access_key_id()) else { return (None, unknown) };
        let key = match self.store.access_key(&id).await {
            Ok(Some(key)) => key,
            Ok(None) => return (None, unknown),
            Err(error) => return (None, Err(error.into())),
        };
        if !key.holds(self.clock.now()) {
            self.access_keys.cache.forget(&id);
            return (Some(id), unknown);
        }
        let matches = self.signing_key(&key, signed.date()).await.map(|signing_key| signed.matches(&signing_key));
        let named = match matches {
            Ok(true) => Ok(key.principal),
            Ok(false) => Err(Refused::Mismatch.into()),
            Err(error) => Err(error),
        };
        (Some(id), named)
    }

    async fn signing_key(&self, key: &AccessKey, date: &str) -> Result<SigningKey, Error> {
        let (derivation, now) = (key.derivation(), self.clock.now());
        if let Some(known) = self.access_keys.cache.get(&key.id, &derivation, date, now) {
            return Ok(known);
        }
        let secret = self.access_keys.secret(self.own(), derivation.clone()).await?;
        let Scope { region, service } = self.signing_scope();
        let derived = SigningKey::derive(secret.expose_secret(), date, region, service);
        self.access_keys.cache.put(&key.id, derivation, date, derived.clone(), now);
        Ok(derived)
    }

    /// Wipes what access keys were verified with and are not any more.
    pub(super) fn forget_unused_signing_keys(&self) {
        self.access_keys.cache.forget_unused(self.clock.now());
    }
}

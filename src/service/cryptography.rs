//! Uses of keys. What needs a secret happens inside the token; where it lacks the mechanism, the use is refused with its name.
//!
//! The order is the reference's: fields, what is not done at all, the key, the policies, its usage, the algorithm, its state,
//! sizes, a dry run; only then the token. What needs the public half alone ([`crate::public_key`]) never asks the token.

mod agreement;
mod context;
mod data_keys;
mod decryption;
mod encryption;
mod macs;
mod random;
mod signatures;

use std::sync::Arc;

use secrecy::SecretSlice;

use super::{Call, Error, Options, Service};
use crate::hsm::{self, Token};
use crate::model::{Action, Invalid, Key, KeyRef, KeyUsage, Material, ObjectId, invalid};
use crate::policy::Circumstances;

/// The most bytes of a plaintext or a message (KMS API Reference, Encrypt, Sign and GenerateMac).
const MAX_PLAIN_BYTES: usize = crate::ciphertext::MAX_PLAINTEXT_BYTES;
/// The most bytes of a ciphertext, a MAC or a signature (KMS API Reference, Decrypt, VerifyMac and Verify).
const MAX_BLOB_BYTES: usize = crate::ciphertext::MAX_BYTES;

/// What somebody wants a key for.
#[derive(Clone, Copy)]
struct Purpose {
    action: Action,
    usage: KeyUsage,
    algorithm: &'static str,
}

impl Options {
    /// Refuses what is asked of no key here.
    fn require_plain(&self) -> Result<(), Error> {
        if !self.grant_tokens.is_empty() {
            return Err(Error::GrantTokens);
        }
        require_no_recipient(self.for_recipient)
    }

    /// Ends a call that only asks.
    fn require_earnest(&self) -> Result<(), Error> {
        if self.dry_run { Err(Error::DryRun) } else { Ok(()) }
    }
}

fn require_no_recipient(for_recipient: bool) -> Result<(), Error> {
    if for_recipient {
        return Err(Error::Unsupported("Recipient is not supported: nothing here attests enclaves".to_owned()));
    }
    Ok(())
}

impl Service {
    /// The key that is meant, where the caller may do this with it and it is for this. Says nothing of its state.
    async fn key_for(&self, call: &Call, key_id: String, purpose: Purpose) -> Result<Key, Error> {
        let circumstances = Circumstances::default();
        let key = self.permitted(call, purpose.action, key_id, KeyRef::IdArnOrAlias, circumstances).await?;
        self.require_fit(&key, purpose)?;
        Ok(key)
    }

    fn require_fit(&self, key: &Key, purpose: Purpose) -> Result<(), Error> {
        let fits = key.require_usage(purpose.usage, purpose.action.operation());
        fits.and_then(|()| key.require_algorithm(purpose.algorithm)).map_err(self.refusal(key))
    }

    /// The material that the key is used with now.
    fn in_use<'k>(&self, key: &'k Key) -> Result<&'k Material, Error> {
        key.use_now(self.clock.now()).map_err(self.refusal(key))
    }

    /// As [`Service::in_use`], where the token of this service must have it.
    fn at_hand<'k>(&self, key: &'k Key) -> Result<&'k Material, Error> {
        let material = self.in_use(key)?;
        self.home(key)?;
        Ok(material)
    }

    /// Has the token use material of the key, by its object. Where that was destroyed meanwhile, the key's state says why, or the
    /// same material was brought again, as it is to change when it ends: then it is another object, and that is used.
    async fn put_to_work<T: Send + 'static>(
        &self,
        key: &Key,
        object: ObjectId,
        work: impl Fn(&Token, &ObjectId) -> Result<T, hsm::Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let home = self.home(key)?;
        let work = Arc::new(work);
        let with = |object: ObjectId| {
            let work = Arc::clone(&work);
            home.hsm.call(move |token| work(token, &object))
        };
        match with(object).await {
            Err(gone @ (hsm::Error::Missing(_) | hsm::Error::Stale(_))) => {
                let since = self.load(&key.account, &key.id).await?;
                self.in_use(&since)?;
                match since.object_now(key, object) {
                    Some(again) => Ok(with(again).await?),
                    None => Err(self.missed(home, object, gone)),
                }
            }
            done => Ok(done?),
        }
    }
}

/// A copy as long as what it holds: to make one shorter would leave the rest of it behind.
fn secret(bytes: &[u8]) -> SecretSlice<u8> {
    SecretSlice::from(bytes.to_vec())
}

/// Checks a secret's length in bytes, as [`invalid::blob`] does.
fn require_length(field: &'static str, secret: &SecretSlice<u8>, most: usize) -> Result<(), Invalid> {
    use secrecy::ExposeSecret;
    invalid::length(field, secret.expose_secret().len(), 1, most)
}

/// What is wrong with a record of ours.
fn broken(what: &str, error: impl std::fmt::Display) -> Error {
    hsm::Error::Host(format!("{what}: {error}")).into()
}

//! GenerateMac and VerifyMac.

use secrecy::{ExposeSecret, SecretSlice};
use serde_json::{Value, json};

use super::{MAX_BLOB_BYTES, MAX_PLAIN_BYTES, Purpose, require_length};
use crate::model::invalid::{blob, member};
use crate::model::key_spec::HmacHash;
use crate::model::{Action, Invalid, Key, KeyUsage, ObjectId};
use crate::service::{Call, Error, GenerateMac, Mac, Service, VerifyMac};

/// A message whose MAC may be asked for.
struct Asked {
    key: Key,
    object: ObjectId,
    hash: HmacHash,
    message: SecretSlice<u8>,
}

impl Service {
    /// GenerateMac.
    ///
    /// # Errors
    /// Where the key is not for it, its state does not allow it, or the token does not do it.
    pub async fn generate_mac(&self, call: &Call, request: GenerateMac) -> Result<Mac, Error> {
        call.trail.asks(shown(&request));
        let Asked { key, object, hash, message } = self.asked_mac(call, request, Action::GenerateMac).await?;
        let mac = self
            .put_to_work(&key, object, move |token, object| token.make_mac(object, hash, message.expose_secret()))
            .await?;
        Ok(Mac { arn: self.arn(&key), algorithm: hash.as_str(), mac })
    }

    /// VerifyMac. The token compares, and the MAC is in no answer.
    ///
    /// # Errors
    /// Where it is not the message's MAC under this key; else as GenerateMac.
    pub async fn verify_mac(&self, call: &Call, request: VerifyMac) -> Result<Mac, Error> {
        let VerifyMac { of, mac } = request;
        call.trail.asks(shown(&of));
        let mac = blob("mac", mac, 1, MAX_BLOB_BYTES)?;
        let Asked { key, object, hash, message } = self.asked_mac(call, of, Action::VerifyMac).await?;
        let work =
            move |token: &crate::hsm::Token, object: &ObjectId| token.is_mac_of(object, hash, message.expose_secret(), &mac);
        if !self.put_to_work(&key, object, work).await? {
            return Err(Error::WrongMac);
        }
        Ok(Mac { arn: self.arn(&key), algorithm: hash.as_str(), mac: Vec::new() })
    }

    async fn asked_mac(&self, call: &Call, request: GenerateMac, action: Action) -> Result<Asked, Error> {
        let GenerateMac { key_id, message, mac_algorithm, options } = request;
        require_length("message", &message, MAX_PLAIN_BYTES)?;
        let hash = mac_algorithm.ok_or_else(|| Invalid::missing("macAlgorithm"))?;
        let hash = member("macAlgorithm", &hash, HmacHash::ALL)?;
        options.require_plain()?;
        let purpose = Purpose { action, usage: KeyUsage::GenerateVerifyMac, algorithm: hash.as_str() };
        let key = self.key_for(call, key_id, purpose).await?;
        let object = self.at_hand(&key)?.object;
        options.require_earnest()?;
        Ok(Asked { key, object, hash, message })
    }
}

/// What of it the audit log may show.
fn shown(request: &GenerateMac) -> Value {
    json!({ "keyId": request.key_id, "macAlgorithm": request.mac_algorithm })
}

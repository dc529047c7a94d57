//! DeriveSharedSecret.

use serde_json::json;

use super::{Purpose, broken, secret};
use crate::model::invalid::{blob, member};
use crate::model::{Action, Invalid, KeyAgreementAlgorithm, KeyUsage, MaterialKind};
use crate::public_key;
use crate::service::{Call, DeriveSharedSecret, Error, Service, SharedSecret};

/// The most bytes of a peer's public key (KMS API Reference, DeriveSharedSecret).
const MAX_PUBLIC_KEY_BYTES: usize = 8192;

impl Service {
    /// DeriveSharedSecret. The peer's key is seen to be on the curve here: not every token looks.
    ///
    /// # Errors
    /// Where the key is not for it, its state does not allow it, the peer's key is not on its curve, or the token does not do it.
    pub async fn derive_shared_secret(&self, call: &Call, request: DeriveSharedSecret) -> Result<SharedSecret, Error> {
        call.trail.asks(json!({ "keyId": request.key_id, "keyAgreementAlgorithm": request.key_agreement_algorithm }));
        let DeriveSharedSecret { key_id, key_agreement_algorithm, public_key, options } = request;
        let algorithm = key_agreement_algorithm.ok_or_else(|| Invalid::missing("keyAgreementAlgorithm"))?;
        let algorithm = member("keyAgreementAlgorithm", &algorithm, KeyAgreementAlgorithm::ALL)?;
        let peer = blob("publicKey", public_key, 1, MAX_PUBLIC_KEY_BYTES)?;
        options.require_plain()?;
        let action = Action::DeriveSharedSecret;
        let purpose = Purpose { action, usage: KeyUsage::KeyAgreement, algorithm: algorithm.as_str() };
        let key = self.key_for(call, key_id, purpose).await?;
        let object = self.at_hand(&key)?.object;
        let Some(MaterialKind::Ec(curve)) = key.spec.material() else {
            return Err(broken("an agreement key on record", "it is on no curve"));
        };
        let point = public_key::point(curve, &peer).map_err(|_| {
            let message = format!(
                "publicKey is not a DER SubjectPublicKeyInfo of an EC key on {curve}, as key spec {} wants",
                key.spec
            );
            Invalid::new("publicKey", message)
        })?;
        options.require_earnest()?;
        let agreed = self.put_to_work(&key, object, move |token, object| token.agree(object, curve, &point)).await?;
        Ok(SharedSecret { arn: self.arn(&key), secret: secret(&agreed), origin: key.origin })
    }
}

//! Sign and Verify.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{MAX_BLOB_BYTES, MAX_PLAIN_BYTES, Purpose, broken, require_length};
use crate::model::invalid::{blob, member};
use crate::model::{
    Action, Invalid, Key, KeyUsage, MaterialKind, MessageType, SignatureHash, SignatureScheme, SigningAlgorithm,
};
use crate::public_key;
use crate::service::{Call, Error, Options, Service, Sign, Signed, Verify};

/// A digest whose signature may be asked for.
struct Asked {
    key: Key,
    algorithm: SigningAlgorithm,
    scheme: SignatureScheme,
    hash: SignatureHash,
    digest: Vec<u8>,
}

impl Service {
    /// Sign.
    ///
    /// # Errors
    /// Where the key is not for it, its state does not allow it, a digest is not as long as its hash, or the token does not do it.
    pub async fn sign(&self, call: &Call, request: Sign) -> Result<Signed, Error> {
        call.trail.asks(shown(&request));
        let (asked, options) = self.asked_signature(call, request, Action::Sign).await?;
        let Asked { key, algorithm, scheme, hash, digest } = asked;
        let object = self.at_hand(&key)?.object;
        options.require_earnest()?;
        let signature =
            self.put_to_work(&key, object, move |token, object| token.sign_digest(object, scheme, hash, &digest)).await?;
        Ok(Signed { arn: self.arn(&key), algorithm: algorithm.as_str(), signature })
    }

    /// Verify, with the public half on record. The signature is in no answer.
    ///
    /// # Errors
    /// Where it is not the message's signature by this key; else as Sign, but that the token is not asked.
    pub async fn verify(&self, call: &Call, request: Verify) -> Result<Signed, Error> {
        let Verify { of, signature } = request;
        call.trail.asks(shown(&of));
        let signature = blob("signature", signature, 1, MAX_BLOB_BYTES)?;
        let (asked, options) = self.asked_signature(call, of, Action::Verify).await?;
        let Asked { key, algorithm, scheme, hash, digest } = asked;
        options.require_earnest()?;
        let spki = self.public_half(&key)?;
        let verified = match (scheme, key.spec.material()) {
            (SignatureScheme::Pkcs1, _) => public_key::verify_pkcs1(spki, hash, &digest, &signature),
            (SignatureScheme::Pss, _) => public_key::verify_pss(spki, hash, &digest, &signature),
            (SignatureScheme::Ecdsa, Some(MaterialKind::Ec(curve))) => {
                public_key::verify_ecdsa(curve, spki, &digest, &signature)
            }
            (SignatureScheme::Ecdsa, _) => Ok(false),
        };
        if !verified.map_err(|error| broken("a public key on record", error))? {
            return Err(Error::WrongSignature);
        }
        Ok(Signed { arn: self.arn(&key), algorithm: algorithm.as_str(), signature: Vec::new() })
    }

    async fn asked_signature(&self, call: &Call, request: Sign, action: Action) -> Result<(Asked, Options), Error> {
        let Sign { key_id, message, message_type, signing_algorithm, options } = request;
        require_length("message", &message, MAX_PLAIN_BYTES)?;
        let message_type =
            message_type.map_or(Ok(MessageType::Raw), |name| member("messageType", &name, MessageType::ALL))?;
        let algorithm = signing_algorithm.ok_or_else(|| Invalid::missing("signingAlgorithm"))?;
        let algorithm = member("signingAlgorithm", &algorithm, SigningAlgorithm::ALL)?;
        options.require_plain()?;
        let purpose = Purpose { action, usage: KeyUsage::SignVerify, algorithm: algorithm.as_str() };
        let key = self.key_for(call, key_id, purpose).await?;
        let (scheme, hash) = algorithm.parts().ok_or_else(|| broken("a key spec's algorithms", algorithm))?;
        self.in_use(&key)?;
        let digest = digest(algorithm, hash, message_type, message.expose_secret())?;
        Ok((Asked { key, algorithm, scheme, hash, digest }, options))
    }
}

/// What of it the audit log may show.
fn shown(request: &Sign) -> Value {
    json!({
        "keyId": request.key_id,
        "messageType": request.message_type,
        "signingAlgorithm": request.signing_algorithm,
    })
}

fn digest(
    algorithm: SigningAlgorithm,
    hash: SignatureHash,
    message_type: MessageType,
    message: &[u8],
) -> Result<Vec<u8>, Invalid> {
    match message_type {
        MessageType::Raw => Ok(hash.digest(message)),
        MessageType::Digest if message.len() == hash.bytes() => Ok(message.to_vec()),
        MessageType::Digest => Err(Invalid::new("message", format!("Digest is invalid length for algorithm {algorithm}."))),
        MessageType::ExternalMu => {
            let message = format!("messageType EXTERNAL_MU does not go with {algorithm}, expected RAW or DIGEST");
            Err(Invalid::new("messageType", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_must_be_as_long_as_its_hash_and_a_message_need_not() {
        let digest = |message_type, message: &[u8]| {
            digest(SigningAlgorithm::EcdsaSha256, SignatureHash::Sha256, message_type, message).map_err(|e| e.message)
        };
        assert_eq!(digest(MessageType::Digest, &[7; 32]), Ok(vec![7; 32]));
        assert_ne!(digest(MessageType::Raw, &[7; 32]), Ok(vec![7; 32]));
        for length in [0, 20, 31, 33, 64] {
            let refused = digest(MessageType::Digest, &vec![7; length]).unwrap_err();
            assert_eq!(refused, "Digest is invalid length for algorithm ECDSA_SHA_256.");
        }
        assert!(digest(MessageType::ExternalMu, &[7; 64]).unwrap_err().contains("EXTERNAL_MU"));
    }
}

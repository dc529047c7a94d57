//! Decrypt and ReEncrypt.
//!
//! A symmetric ciphertext names its key. One that names none of the caller's, or no material that the key has encrypted with,
//! reads as one that was altered: whoever sends it learns nothing of other accounts.

use secrecy::{ExposeSecret, SecretSlice};
use serde_json::json;

use super::encryption::{algorithm, purpose};
use super::{MAX_BLOB_BYTES, MAX_PLAIN_BYTES, Purpose, broken, context, secret};
use crate::ciphertext::Ciphertext;
use crate::hsm::Sealed;
use crate::model::invalid::blob;
use crate::model::{Action, EncryptionAlgorithm, Invalid, Key, KeyMaterialId, ObjectId};
use crate::policy::Circumstances;
use crate::public_key;
use crate::service::{Call, Decrypt, Decrypted, EncryptionContext, Error, ReEncrypt, ReEncrypted, Service};

/// A ciphertext, and the key that is to decrypt it.
struct Source {
    key: Key,
    ciphertext: Incoming,
}

enum Incoming {
    /// One that names its material, which lies in this object.
    Symmetric(Ciphertext, ObjectId),
    /// One of RSA-OAEP or SM2.
    Asymmetric(Vec<u8>),
}

impl Service {
    /// Decrypt.
    ///
    /// # Errors
    /// Where the key is not for it or not the ciphertext's, its state does not allow it, the ciphertext or its context is not what
    /// was encrypted, or the token does not do it.
    pub async fn decrypt(&self, call: &Call, request: Decrypt) -> Result<Decrypted, Error> {
        call.trail.asks(json!({
            "keyId": request.key_id,
            "encryptionContext": context::shown(&request.encryption_context),
            "encryptionAlgorithm": request.encryption_algorithm,
        }));
        let Decrypt { ciphertext, encryption_context, key_id, encryption_algorithm, options } = request;
        let ciphertext = blob("ciphertextBlob", ciphertext, 1, MAX_BLOB_BYTES)?;
        let algorithm = algorithm("encryptionAlgorithm", encryption_algorithm)?;
        let context = context::checked("encryptionContext", encryption_context, algorithm)?;
        require_key_id("keyId", algorithm, key_id.as_ref())?;
        options.require_plain()?;
        let source = self.source(call, ciphertext, key_id, algorithm, purpose(Action::Decrypt, algorithm)).await?;
        options.require_earnest()?;
        let (plaintext, material) = self.open(&source, algorithm, &context).await?;
        // What others encrypted by SM2 may be longer than the reference answers (KMS API Reference, Decrypt).
        if plaintext.expose_secret().len() > MAX_PLAIN_BYTES {
            return Err(Error::UndecryptableCiphertext);
        }
        if let Some(material) = material {
            call.trail.adds("keyMaterialId", material.to_string());
        }
        Ok(Decrypted { arn: self.arn(&source.key), plaintext, algorithm: algorithm.as_str(), material })
    }

    /// ReEncrypt: the plaintext never leaves the service.
    ///
    /// # Errors
    /// As Decrypt under the source key, and as Encrypt under the destination key.
    pub async fn re_encrypt(&self, call: &Call, request: ReEncrypt) -> Result<ReEncrypted, Error> {
        call.trail.asks(json!({
            "sourceKeyId": request.source_key_id,
            "sourceEncryptionContext": context::shown(&request.source_encryption_context),
            "sourceEncryptionAlgorithm": request.source_encryption_algorithm,
            "destinationKeyId": request.destination_key_id,
            "destinationEncryptionContext": context::shown(&request.destination_encryption_context),
            "destinationEncryptionAlgorithm": request.destination_encryption_algorithm,
        }));
        let ReEncrypt { ciphertext, options, .. } = request;
        let ciphertext = blob("ciphertextBlob", ciphertext, 1, MAX_BLOB_BYTES)?;
        let from = algorithm("sourceEncryptionAlgorithm", request.source_encryption_algorithm)?;
        let to = algorithm("destinationEncryptionAlgorithm", request.destination_encryption_algorithm)?;
        let source_context = context::checked("sourceEncryptionContext", request.source_encryption_context, from)?;
        let context = context::checked("destinationEncryptionContext", request.destination_encryption_context, to)?;
        require_key_id("sourceKeyId", from, request.source_key_id.as_ref())?;
        options.require_plain()?;
        let reads = purpose(Action::ReEncryptFrom, from);
        let source = self.source(call, ciphertext, request.source_key_id, from, reads).await?;
        let key = self.key_for(call, request.destination_key_id, purpose(Action::ReEncryptTo, to)).await?;
        self.require_able_to_seal(&key, to)?;
        options.require_earnest()?;
        let (plaintext, source_material) = self.open(&source, from, &source_context).await?;
        self.require_room(&key, to, &plaintext)?;
        let (ciphertext, destination_material) = self.seal(&key, to, &context, plaintext).await?;
        for (name, material) in
            [("sourceKeyMaterialId", source_material), ("destinationKeyMaterialId", destination_material)]
        {
            if let Some(material) = material {
                call.trail.adds(name, material.to_string());
            }
        }
        Ok(ReEncrypted {
            ciphertext,
            source: self.arn(&source.key),
            destination: self.arn(&key),
            source_algorithm: from.as_str(),
            destination_algorithm: to.as_str(),
            source_material,
            destination_material,
        })
    }

    /// The key that decrypts, where the caller may do that with it and it is ready to.
    async fn source(
        &self,
        call: &Call,
        ciphertext: Vec<u8>,
        key_id: Option<String>,
        algorithm: EncryptionAlgorithm,
        purpose: Purpose,
    ) -> Result<Source, Error> {
        let parse = |bytes: &[u8]| Ciphertext::parse(bytes).map_err(|_| Error::UndecryptableCiphertext);
        let (key, parsed) = match (key_id, algorithm) {
            (Some(key_id), EncryptionAlgorithm::SymmetricDefault) => {
                let key = self.key_for(call, key_id, purpose).await?;
                self.at_hand(&key)?;
                let parsed = parse(&ciphertext)?;
                if parsed.header.key != key.id {
                    return Err(Error::IncorrectKey);
                }
                (key, parsed)
            }
            (Some(key_id), _) => {
                let key = self.key_for(call, key_id, purpose).await?;
                self.at_hand(&key)?;
                let home = self.home(&key)?;
                // Here as well as when it is done: a dry run is to say what would come of it.
                match algorithm.oaep_hash() {
                    Some(hash) => drop(home.profile().unpadding(hash)?),
                    None => home.require_sm2_decryption(|| format!("Algorithm {algorithm} does not decrypt here"))?,
                }
                return Ok(Source { key, ciphertext: Incoming::Asymmetric(ciphertext) });
            }
            (None, _) => {
                let parsed = parse(&ciphertext)?;
                let found = self.store.key(&call.principal.account, &parsed.header.key).await?;
                let key = found.ok_or(Error::UndecryptableCiphertext)?;
                call.require(&self.gate, purpose.action, &self.arn(&key), &key, Circumstances::default())?;
                self.require_fit(&key, purpose)?;
                self.at_hand(&key)?;
                (key, parsed)
            }
        };
        let material = key.use_again(&parsed.header.material, self.clock.now()).map_err(self.refusal(&key))?;
        let object = material.ok_or(Error::UndecryptableCiphertext)?.object;
        Ok(Source { key, ciphertext: Incoming::Symmetric(parsed, object) })
    }

    /// Decrypts: the plaintext, and which material did it, of symmetric keys.
    async fn open(
        &self,
        source: &Source,
        algorithm: EncryptionAlgorithm,
        context: &EncryptionContext,
    ) -> Result<(SecretSlice<u8>, Option<KeyMaterialId>), Error> {
        let key = &source.key;
        let (opened, material) = match (&source.ciphertext, algorithm.oaep_hash()) {
            (Incoming::Asymmetric(ciphertext), Some(hash)) => {
                let by = self.home(key)?.profile().unpadding(hash)?;
                let modulus = public_key::modulus(self.public_half(key)?);
                let modulus = modulus.map_err(|error| broken("a public key on record", error))?;
                let (object, ciphertext) = (self.at_hand(key)?.object, ciphertext.clone());
                let opened = self
                    .put_to_work(key, object, move |token, object| {
                        token.decrypt_oaep(object, &modulus, hash, by, &ciphertext)
                    })
                    .await?;
                (opened, None)
            }
            (Incoming::Symmetric(Ciphertext { header, iv, sealed }, object), _) => {
                let additional = header.additional_data(context).map_err(|_| Error::UndecryptableCiphertext)?;
                let (object, sealed) = (*object, Sealed { iv: *iv, ciphertext: sealed.clone() });
                let opened =
                    self.put_to_work(key, object, move |token, object| token.decrypt(object, &sealed, &additional)).await?;
                (opened, Some(header.material))
            }
            (Incoming::Asymmetric(ciphertext), None) => {
                self.home(key)?.require_sm2_decryption(|| format!("Algorithm {algorithm} does not decrypt here"))?;
                let (spki, object) = (self.public_half(key)?.to_vec(), self.at_hand(key)?.object);
                let ciphertext = ciphertext.clone();
                let opened = self
                    .put_to_work(key, object, move |token, object| token.decrypt_sm2(object, &spki, &ciphertext))
                    .await?;
                (opened, None)
            }
        };
        let plaintext = opened.ok_or(Error::UndecryptableCiphertext)?;
        Ok((secret(&plaintext), material))
    }
}

/// Only a symmetric ciphertext says which key it is of.
fn require_key_id(field: &'static str, algorithm: EncryptionAlgorithm, key_id: Option<&String>) -> Result<(), Invalid> {
    match (algorithm, key_id) {
        (EncryptionAlgorithm::SymmetricDefault, _) | (_, Some(_)) => Ok(()),
        (_, None) => Err(Invalid::missing(field)),
    }
}

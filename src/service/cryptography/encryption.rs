//! Encrypt, and the half of ReEncrypt that encrypts.

use secrecy::{ExposeSecret, SecretSlice};
use serde_json::json;

use super::{MAX_PLAIN_BYTES, Purpose, broken, context, require_length};
use crate::ciphertext::{Ciphertext, Header};
use crate::hsm::Sealed;
use crate::model::invalid::member;
use crate::model::{Action, EncryptionAlgorithm, Invalid, Key, KeyMaterialId, KeyUsage};
use crate::public_key;
use crate::service::{Call, Encrypt, Encrypted, EncryptionContext, Error, Service};

/// The most bytes that SM2PKE encrypts (KMS API Reference, Encrypt).
const MAX_SM2_PLAIN_BYTES: usize = 1024;

/// The algorithm of this name; SYMMETRIC_DEFAULT where none is given.
pub(super) fn algorithm(field: &'static str, name: Option<String>) -> Result<EncryptionAlgorithm, Invalid> {
    name.map_or(Ok(EncryptionAlgorithm::SymmetricDefault), |name| member(field, &name, EncryptionAlgorithm::ALL))
}

/// Encrypting or decrypting.
pub(super) fn purpose(action: Action, algorithm: EncryptionAlgorithm) -> Purpose {
    Purpose { action, usage: KeyUsage::EncryptDecrypt, algorithm: algorithm.as_str() }
}

impl Service {
    /// Encrypt.
    ///
    /// # Errors
    /// Where the key is not for it, its state does not allow it, the plaintext is too long, or the token does not do it.
    pub async fn encrypt(&self, call: &Call, request: Encrypt) -> Result<Encrypted, Error> {
        call.trail.asks(json!({
            "keyId": request.key_id,
            "encryptionContext": context::shown(&request.encryption_context),
            "encryptionAlgorithm": request.encryption_algorithm,
        }));
        let Encrypt { key_id, plaintext, encryption_context, encryption_algorithm, options } = request;
        require_length("plaintext", &plaintext, MAX_PLAIN_BYTES)?;
        let algorithm = algorithm("encryptionAlgorithm", encryption_algorithm)?;
        let context = context::checked("encryptionContext", encryption_context, algorithm)?;
        options.require_plain()?;
        let key = self.key_for(call, key_id, purpose(Action::Encrypt, algorithm)).await?;
        self.require_able_to_seal(&key, algorithm)?;
        self.require_room(&key, algorithm, &plaintext)?;
        options.require_earnest()?;
        let (ciphertext, material) = self.seal(&key, algorithm, &context, plaintext).await?;
        if let Some(material) = material {
            call.trail.adds("keyMaterialId", material.to_string());
        }
        Ok(Encrypted { arn: self.arn(&key), ciphertext, algorithm: algorithm.as_str() })
    }

    /// Checks that the key's state allows it, and that the token has what it takes.
    pub(super) fn require_able_to_seal(&self, key: &Key, algorithm: EncryptionAlgorithm) -> Result<(), Error> {
        match algorithm {
            EncryptionAlgorithm::SymmetricDefault => self.at_hand(key).map(|_| ()),
            // By the public half alone.
            EncryptionAlgorithm::RsaesOaepSha1 | EncryptionAlgorithm::RsaesOaepSha256 | EncryptionAlgorithm::Sm2pke => {
                self.in_use(key).map(|_| ())
            }
        }
    }

    /// Checks that the plaintext is not longer than one that fits (RFC 8017 §7.1.1; else the KMS API Reference, Encrypt).
    pub(super) fn require_room(
        &self,
        key: &Key,
        algorithm: EncryptionAlgorithm,
        plaintext: &SecretSlice<u8>,
    ) -> Result<(), Error> {
        if plaintext.expose_secret().is_empty() {
            return Err(
                Invalid::new("ciphertextBlob", "What was encrypted has no bytes, which cannot be encrypted anew.").into()
            );
        }
        let most = match (algorithm, algorithm.oaep_hash()) {
            (EncryptionAlgorithm::Sm2pke, _) => MAX_SM2_PLAIN_BYTES,
            (_, Some(hash)) => {
                let modulus = public_key::modulus(self.public_half(key)?);
                let modulus = modulus.map_err(|error| broken("a public key on record", error))?;
                modulus.len().saturating_sub(2 * hash.bytes() + 2)
            }
            // Encrypt lets no more in, but what is encrypted anew may have come out of SM2, which others do not bound.
            (_, None) => MAX_PLAIN_BYTES,
        };
        if plaintext.expose_secret().len() <= most {
            return Ok(());
        }
        let message =
            format!("Algorithm {algorithm} and key spec {} cannot encrypt data larger than {most} bytes.", key.spec);
        Err(Invalid::new("plaintext", message).into())
    }

    /// The public half on record of the key's material, DER SubjectPublicKeyInfo.
    pub(super) fn public_half<'k>(&self, key: &'k Key) -> Result<&'k [u8], Error> {
        self.in_use(key)?.spki.as_deref().ok_or_else(|| broken("a private key on record", "it has no public half"))
    }

    /// Encrypts what [`Service::require_room`] found to fit: the ciphertext, and which material made it, of symmetric keys.
    pub(super) async fn seal(
        &self,
        key: &Key,
        algorithm: EncryptionAlgorithm,
        context: &EncryptionContext,
        plaintext: SecretSlice<u8>,
    ) -> Result<(Vec<u8>, Option<KeyMaterialId>), Error> {
        let to_public_key = |error: &dyn std::fmt::Display| broken("encrypting to a public key on record", error);
        if algorithm == EncryptionAlgorithm::Sm2pke {
            let ciphertext = public_key::encrypt_sm2(self.public_half(key)?, plaintext.expose_secret());
            return Ok((ciphertext.map_err(|error| to_public_key(&error))?, None));
        }
        if let Some(hash) = algorithm.oaep_hash() {
            let ciphertext = public_key::encrypt_oaep(self.public_half(key)?, hash, plaintext.expose_secret());
            return Ok((ciphertext.map_err(|error| to_public_key(&error))?, None));
        }
        let material = self.at_hand(key)?;
        let (object, header) = (material.object, Header { key: key.id.clone(), material: material.id });
        let additional = header.additional_data(context).map_err(|error| broken("an encryption context", error))?;
        let sealed = self
            .put_to_work(key, object, move |token, object| token.encrypt(object, plaintext.expose_secret(), &additional))
            .await?;
        let material = header.material;
        Ok((written(header, sealed)?, Some(material)))
    }
}

/// The ciphertext that callers see.
pub(super) fn written(header: Header, sealed: Sealed) -> Result<Vec<u8>, Error> {
    let Sealed { iv, ciphertext } = sealed;
    Ciphertext { header, iv, sealed: ciphertext }.encode().map_err(|error| broken("a ciphertext", error))
}

//! Proof of AES and HMAC keys: their length, and that they answer.

use cryptoki::mechanism::Mechanism;

use super::super::mechanism::hmac;
use super::super::session_object::SessionObject;
use super::super::{Error, Token};
use super::Proved;
use crate::model::Evidence;
use crate::model::fingerprint::{DOMAIN, aes_blocks};
use crate::model::key_spec::HmacHash;

impl Token {
    pub(super) fn prove_aes(&self, object: &SessionObject<'_>) -> Result<Proved, Error> {
        self.require_length(object.handle, 32)?;
        let mut blocks = aes_blocks().to_vec();
        blocks.extend_from_slice(&[0; 16]);
        let encrypted = self.session.encrypt(&Mechanism::AesEcb, object.handle, &blocks)?;
        let decrypted = self.session.decrypt(&Mechanism::AesEcb, object.handle, &encrypted)?;
        let (Some(evidence), Some(kcv)) = (encrypted.first_chunk(), encrypted.get(32..35).and_then(|kcv| kcv.first_chunk()))
        else {
            return Err(Error::Misbehaved("an AES encryption of another length than its input".to_owned()));
        };
        if decrypted != blocks {
            return Err(Error::Misbehaved("an AES key that does not decrypt what it encrypted".to_owned()));
        }
        Ok(Proved { evidence: Evidence::Aes(*evidence), kcv: Some(*kcv) })
    }

    pub(super) fn prove_hmac(&self, object: &SessionObject<'_>, hash: HmacHash) -> Result<Proved, Error> {
        self.require_length(object.handle, hash.key_bytes())?;
        let mac = self.session.sign(&hmac(hash), object.handle, DOMAIN)?;
        if mac.len() != hash.key_bytes() {
            return Err(Error::Misbehaved("an HMAC of another length than its hash".to_owned()));
        }
        Ok(Proved { evidence: Evidence::Hmac(mac), kcv: None })
    }
}

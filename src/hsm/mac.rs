//! HMAC (FIPS 198-1) under a key of the token, in the full length of the hash.

use cryptoki::error::{Error as Pkcs11Error, RvError};

use super::{Error, Token, mechanism};
use crate::model::ObjectId;
use crate::model::key_spec::HmacHash;

fn name(hash: HmacHash) -> &'static str {
    match hash {
        HmacHash::Sha224 => "CKM_SHA224_HMAC",
        HmacHash::Sha256 => "CKM_SHA256_HMAC",
        HmacHash::Sha384 => "CKM_SHA384_HMAC",
        HmacHash::Sha512 => "CKM_SHA512_HMAC",
    }
}

impl Token {
    /// The MAC of a message.
    ///
    /// # Errors
    /// Where the token does not do it; [`Error::Lacks`] where it cannot.
    pub fn make_mac(&self, key: &ObjectId, hash: HmacHash, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mac = self.with_material(key, name(hash), |key| self.session.sign(&mechanism::hmac(hash), key, message))?;
        if mac.len() == hash.key_bytes() {
            return Ok(mac);
        }
        Err(Error::Misbehaved(format!("an {hash} of {} bytes", mac.len())))
    }

    /// Whether `mac` is the MAC of a message. The token compares; one of another length it does not see.
    ///
    /// # Errors
    /// As [`Token::make_mac`].
    pub fn is_mac_of(&self, key: &ObjectId, hash: HmacHash, message: &[u8], mac: &[u8]) -> Result<bool, Error> {
        if mac.len() != hash.key_bytes() {
            return Ok(false);
        }
        self.with_material(key, name(hash), |key| match self.session.verify(&mechanism::hmac(hash), key, message, mac) {
            Ok(()) => Ok(true),
            Err(Pkcs11Error::Pkcs11(RvError::SignatureInvalid | RvError::SignatureLenRange, _)) => Ok(false),
            Err(error) => Err(error),
        })
    }
}

//! RSA-OAEP and SM2 decryption by a private key that is material, whose plaintext the answer carries over the host anyway.
//!
//! Whatever is wrong with a ciphertext, the answer is the same, and takes the same way to the caller: no padding oracle.

use cryptoki::mechanism::Mechanism;
use zeroize::Zeroizing;

use super::mechanism::oaep;
use super::sm2pke::Ciphertext;
use super::{Error, Token, oaep as padding, sm2pke};
use crate::model::{OaepHash, ObjectId};

/// Who takes the padding off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpadding {
    /// The token: CKM_RSA_PKCS_OAEP.
    Token,
    /// The host, of what CKM_RSA_X_509 gives it.
    Host,
}

impl Token {
    /// The plaintext of a ciphertext under the public half whose modulus is given; `None` where it is no ciphertext of it.
    ///
    /// # Errors
    /// Where the token does not do it; [`Error::Lacks`] where it cannot.
    pub fn decrypt_oaep(
        &self,
        key: &ObjectId,
        modulus: &[u8],
        hash: OaepHash,
        by: Unpadding,
        ciphertext: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        // Some tokens read past a ciphertext that is too short, or take an integer that is none of RSA's.
        if ciphertext.len() != modulus.len() || ciphertext >= modulus {
            return Ok(None);
        }
        let (mechanism, name) = match by {
            Unpadding::Token => (oaep(hash), lacking(hash)),
            Unpadding::Host => (Mechanism::RsaX509, "CKM_RSA_X_509"),
        };
        let epoch = self.shared.handles().epoch();
        let decrypted = self.with_material(key, name, |key| self.session.decrypt(&mechanism, key, ciphertext));
        let Some(decrypted) = self.unless_bad(epoch, decrypted.map(Zeroizing::new))? else { return Ok(None) };
        match by {
            Unpadding::Token => Ok(Some(decrypted)),
            Unpadding::Host => Ok(padding::decode_short(hash, modulus.len(), &decrypted)),
        }
    }

    /// The plaintext of an SM2 ciphertext, in either form, under the public half that `spki`, a DER SubjectPublicKeyInfo, is; `None` where
    /// it is no ciphertext of it.
    ///
    /// # Errors
    /// Where the token does not do it; [`Error::Lacks`] where it cannot.
    pub fn decrypt_sm2(&self, key: &ObjectId, spki: &[u8], ciphertext: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let public = sm2pke::public_half(spki)?;
        let Some(ciphertext) = Ciphertext::read(&public, ciphertext) else { return Ok(None) };
        let points = ciphertext.points();
        let derived = self.with_material(key, "CKM_ECDH1_DERIVE", |key| self.derive_for_sm2(key, &points))?;
        self.open_sm2(&ciphertext, &derived)
    }
}

/// What a token lacks that does not do OAEP with this hash.
pub(super) fn lacking(hash: OaepHash) -> &'static str {
    match hash {
        OaepHash::Sha1 => "CKM_RSA_PKCS_OAEP with SHA-1",
        OaepHash::Sha256 => "CKM_RSA_PKCS_OAEP with SHA-256",
    }
}

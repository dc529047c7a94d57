//! AES-256-GCM (NIST SP 800-38D) under a key of the token: 96-bit IVs, tags of 128 bits.

use cryptoki::error::Error as Pkcs11Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use zeroize::Zeroizing;

use super::{Error, Token};
use crate::model::ObjectId;

/// The length of an IV, in bytes.
pub const IV_BYTES: usize = 12;
/// The length of a tag, in bytes.
pub const TAG_BYTES: usize = 16;

const GCM: &str = "CKM_AES_GCM";

/// What a key made of a plaintext.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The IV that it was made with.
    pub iv: [u8; IV_BYTES],
    /// As long as the plaintext, and the tag.
    pub ciphertext: Vec<u8>,
}

impl Token {
    /// Encrypts `plaintext`, authenticating `additional` with it. The IV is random, from the token's own generator: one key is
    /// good for 2^32 of them (SP 800-38D §8.3).
    ///
    /// # Errors
    /// Where the token does not do it; [`Error::Lacks`] where it cannot.
    pub fn encrypt(&self, key: &ObjectId, plaintext: &[u8], additional: &[u8]) -> Result<Sealed, Error> {
        let mut random = [0; IV_BYTES];
        self.fill_random(&mut random)?;
        let (iv, ciphertext) = self.with_material(key, GCM, |key| {
            let mut iv = random;
            let mechanism = Mechanism::AesGcm(params(&mut iv, additional)?);
            let ciphertext = self.session.encrypt(&mechanism, key, plaintext)?;
            // Some tokens write an IV of their own into the place of ours.
            drop(mechanism);
            Ok((iv, ciphertext))
        })?;
        if ciphertext.len() != plaintext.len() + TAG_BYTES {
            return Err(Error::Misbehaved(
                "an AES-GCM ciphertext of another length than the plaintext and a tag".to_owned(),
            ));
        }
        Ok(Sealed { iv, ciphertext })
    }

    /// Decrypts what [`Token::encrypt`] made; `None` where it was not made by this key of this, with this `additional`.
    ///
    /// # Errors
    /// As [`Token::encrypt`].
    pub fn decrypt(&self, key: &ObjectId, sealed: &Sealed, additional: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let epoch = self.shared.handles().epoch();
        let opened = self.with_material(key, GCM, |key| {
            let mut iv = sealed.iv;
            let mechanism = Mechanism::AesGcm(params(&mut iv, additional)?);
            self.session.decrypt(&mechanism, key, &sealed.ciphertext).map(Zeroizing::new)
        });
        self.unless_bad(epoch, opened)
    }
}

fn params<'a>(iv: &'a mut [u8; IV_BYTES], additional: &'a [u8]) -> Result<GcmParams<'a>, Pkcs11Error> {
    GcmParams::new(iv, additional, (TAG_BYTES as u64 * 8).into())
}

//! Proof that an object in the token is material of its spec and works: what the token accepts is not what is right.
//!
//! SoftHSM makes keys of 31-byte AES values, zero scalars, RSA-1024, e = 3 and foreign curves. So each kind of material is
//! put to work, and what it answers is checked on the host with public knowledge only.

mod curve;
mod ec;
mod length;
mod rsa;
mod secret;

use cryptoki::object::{Attribute, AttributeType};

use super::session_object::SessionObject;
use super::{Error, Token, templates};
use crate::model::{Evidence, MaterialKind};

pub(super) use curve::{base_point, params as curve_params, points_at};

/// What a material in the token has shown of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// What its key material id is made of.
    pub evidence: Evidence,
    /// The key check value of an AES key: the first three bytes of the encryption of a zero block.
    pub kcv: Option<[u8; 3]>,
}

impl Token {
    /// Proves a session object to be hidden, and working material of this kind.
    ///
    /// # Errors
    /// [`Error::Rejected`] where it is not of this kind; another error where the token is at fault.
    pub(super) fn prove(&self, object: &SessionObject<'_>, kind: MaterialKind) -> Result<Proved, Error> {
        self.harden(object)?;
        let (class, key_type) = templates::class_and_type(kind);
        let attributes = self.session.get_attributes(object.handle, &[AttributeType::Class, AttributeType::KeyType])?;
        if !attributes.contains(&Attribute::Class(class)) || !attributes.contains(&Attribute::KeyType(key_type)) {
            return Err(Error::Rejected);
        }
        match kind {
            MaterialKind::Aes256 => self.prove_aes(object),
            MaterialKind::Hmac(hash) => self.prove_hmac(object, hash),
            MaterialKind::Rsa(bits) => self.prove_rsa(object, bits),
            MaterialKind::Ec(curve) => self.prove_ec(object, curve),
        }
    }
}

/// Random bytes for a key to sign; the host's, so that a token cannot choose what it is asked.
pub(super) fn challenge(bytes: usize) -> Result<Vec<u8>, Error> {
    let mut challenge = vec![0; bytes];
    getrandom::fill(&mut challenge).map_err(|error| Error::Host(error.to_string()))?;
    Ok(challenge)
}

impl Proved {
    /// The public half, DER SubjectPublicKeyInfo, of a private key.
    pub fn spki(&self) -> Option<Vec<u8>> {
        match &self.evidence {
            Evidence::Spki(der) => Some(der.clone()),
            Evidence::Aes(_) | Evidence::Hmac(_) => None,
        }
    }
}

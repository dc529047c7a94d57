//! The import token: what binds a wrapping key to the key that asked for it, and to the time that it is good for.
//!
//! A COSE_Mac0 (RFC 9052 §6.2) with HMAC 256/256 over CWT claims (RFC 8392). The MAC is computed in the HSM by whoever calls:
//! [`Unsigned::to_be_maced`] says over what. There is one encoding of a token and no other is taken: what is outside the
//! MAC (the unprotected header, the way CBOR is written) would otherwise be free to alter.
//!
//! While replicas are upgraded, one version hands tokens out and another takes them back, in either direction, and a token lasts a
//! day. So a claim that a version does not know is ignored, one that an older version did not write has a default, and none ever
//! changes its meaning: what older versions must not ignore is refused by them in another label of what it is about.

mod claims;

use coset::iana::Algorithm;
use coset::{CoseMac0, CoseMac0Builder, Header, HeaderBuilder, MacContext, TaggedCborSerializable, mac_structure_data};
use subtle::ConstantTimeEq;

pub use claims::Claims;

use crate::model::wrapping::MAX_BLOB_BYTES;
use crate::model::{ObjectId, WrappingAlgorithm};

/// Not a token of ours. Deliberately says no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an import token of this installation")]
pub struct Foreign;

/// A token without its MAC.
#[derive(Clone, Debug)]
pub struct Unsigned {
    cose: CoseMac0,
}

impl Unsigned {
    /// A token with these claims, to be authenticated by the key with this CKA_ID.
    ///
    /// # Errors
    /// Where the claims cannot be encoded.
    pub fn new(claims: &Claims, mac_key: &ObjectId) -> Result<Self, Foreign> {
        let cose = CoseMac0Builder::new().protected(protected(mac_key)).payload(claims.encode()?).build();
        Ok(Self { cose })
    }

    /// What the MAC is computed over: the MAC_structure of RFC 9052 §6.3.
    pub fn to_be_maced(&self) -> Vec<u8> {
        structure(&self.cose)
    }

    /// The whole token: CBOR, tag 17.
    ///
    /// # Errors
    /// Where it would be longer than the reference allows.
    pub fn with_mac(mut self, mac: &[u8; 32]) -> Result<Vec<u8>, Foreign> {
        self.cose.tag = mac.to_vec();
        let bytes = self.cose.to_tagged_vec().map_err(|_| Foreign)?;
        if bytes.len() <= MAX_BLOB_BYTES { Ok(bytes) } else { Err(Foreign) }
    }
}

/// A token that came back. Nothing in it is to be believed before its MAC is verified.
#[derive(Clone, Debug)]
pub struct Received {
    cose: CoseMac0,
    mac_key: ObjectId,
}

impl Received {
    /// Takes a token apart.
    ///
    /// # Errors
    /// Where it is not, byte for byte, what [`Unsigned::with_mac`] could have made.
    pub fn parse(bytes: &[u8]) -> Result<Self, Foreign> {
        if bytes.len() > MAX_BLOB_BYTES {
            return Err(Foreign);
        }
        let cose = CoseMac0::from_tagged_slice(bytes).map_err(|_| Foreign)?;
        let mac_key = <[u8; 16]>::try_from(&cose.protected.header.key_id[..]).map(ObjectId).map_err(|_| Foreign)?;
        // Built anew from what was understood: whatever else was in there makes the two differ.
        let payload = cose.payload.clone().ok_or(Foreign)?;
        let mut canonical = CoseMac0Builder::new().protected(protected(&mac_key)).payload(payload).build();
        canonical.tag.clone_from(&cose.tag);
        if canonical.clone().to_tagged_vec().map_err(|_| Foreign)? != bytes || cose.tag.len() != 32 {
            return Err(Foreign);
        }
        Ok(Self { cose: canonical, mac_key })
    }

    /// The CKA_ID of the key that is said to have authenticated it.
    pub fn mac_key(&self) -> &ObjectId {
        &self.mac_key
    }

    /// The algorithm that it says the material is wrapped with. Not to be believed, but good enough for a first question.
    pub fn claimed_algorithm(&self) -> Option<WrappingAlgorithm> {
        Claims::decode(self.cose.payload.as_deref()?).ok().map(|claims| claims.algorithm)
    }

    /// What its MAC must be over.
    pub fn to_be_maced(&self) -> Vec<u8> {
        structure(&self.cose)
    }

    /// The claims, if `mac`, computed anew, is the one it came with. Compares in constant time.
    ///
    /// # Errors
    /// Where it is not, or the claims are none of ours.
    pub fn verify(self, mac: &[u8; 32]) -> Result<Claims, Foreign> {
        if !bool::from(self.cose.tag.ct_eq(mac)) {
            return Err(Foreign);
        }
        let payload = self.cose.payload.ok_or(Foreign)?;
        // The MAC says that it is ours: what is in there besides, a newer version put there for itself.
        Claims::decode(&payload)
    }
}

fn protected(mac_key: &ObjectId) -> Header {
    HeaderBuilder::new().algorithm(Algorithm::HMAC_256_256).key_id(mac_key.0.to_vec()).build()
}

fn structure(cose: &CoseMac0) -> Vec<u8> {
    mac_structure_data(MacContext::CoseMac0, cose.protected.clone(), &[], cose.payload.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests;

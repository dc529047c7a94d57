//! What Encrypt answers for symmetric keys, and Decrypt takes: a ciphertext that names its key and its material, so that an old
//! one decrypts after a rotation.
//!
//! A COSE_Encrypt0 (RFC 9052 §5.2) with A256GCM. Protected are the algorithm, our content type, and as key id the id of the key
//! followed by the 32 bytes of the id of its material; unprotected is the IV alone. The external additional data is the
//! encryption context with the id of the key. Whoever calls encrypts in the HSM: [`Header::additional_data`] says what is
//! authenticated. There is one encoding of a ciphertext and no other is taken.

use std::collections::BTreeMap;

use coset::cbor::value::Value;
use coset::iana::Algorithm;
use coset::{
    CborSerializable, CoseEncrypt0, CoseEncrypt0Builder, EncryptionContext, HeaderBuilder, ProtectedHeader,
    TaggedCborSerializable, enc_structure_data,
};

use crate::model::{KeyId, KeyMaterialId};

/// The most bytes that are encrypted (KMS API Reference, Encrypt).
pub const MAX_PLAINTEXT_BYTES: usize = 4096;
/// The most bytes of a ciphertext that Decrypt takes (KMS API Reference, Decrypt).
pub const MAX_BYTES: usize = 6144;

const CONTENT_TYPE: &str = "application/vnd.keyferry.ciphertext.v1";
const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const MATERIAL_ID_BYTES: usize = 32;

/// Not a ciphertext of ours. Deliberately says no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a ciphertext of this service")]
pub struct Malformed;

/// What a ciphertext says of itself: what encrypted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The key.
    pub key: KeyId,
    /// Which of its materials.
    pub material: KeyMaterialId,
}

/// A ciphertext, taken apart. Nothing of it is to be believed before it decrypts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ciphertext {
    /// What it says of itself.
    pub header: Header,
    /// The IV of AES-GCM.
    pub iv: [u8; IV_BYTES],
    /// As long as the plaintext, and the tag of 16 bytes.
    pub sealed: Vec<u8>,
}

impl Header {
    /// What is authenticated with the plaintext: the Enc_structure of RFC 9052 §5.3.
    ///
    /// # Errors
    /// Where it cannot be encoded.
    pub fn additional_data(&self, context: &BTreeMap<String, String>) -> Result<Vec<u8>, Malformed> {
        let protected = ProtectedHeader { original_data: None, header: self.protected() };
        Ok(enc_structure_data(EncryptionContext::CoseEncrypt0, protected, &external(&self.key, context)?))
    }

    fn protected(&self) -> coset::Header {
        let key_id = [self.key.as_str().as_bytes(), &self.material.0].concat();
        HeaderBuilder::new().algorithm(Algorithm::A256GCM).content_type(CONTENT_TYPE.to_owned()).key_id(key_id).build()
    }
}

/// The encryption context in its one form: a CBOR array of the key's id and of all names and values, in the order of the names'
/// bytes. CBOR has every text's length before it, so that no two contexts have the same bytes.
fn external(key: &KeyId, context: &BTreeMap<String, String>) -> Result<Vec<u8>, Malformed> {
    let pairs = context.iter().flat_map(|(name, value)| [Value::Text(name.clone()), Value::Text(value.clone())]);
    let all = Value::Array(vec![Value::Text(key.to_string()), Value::Array(pairs.collect())]);
    all.to_vec().map_err(|_| Malformed)
}

impl Ciphertext {
    /// The whole ciphertext: CBOR, tag 16.
    ///
    /// # Errors
    /// Where it would be longer than the reference allows.
    pub fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let bytes = self.cose().to_tagged_vec().map_err(|_| Malformed)?;
        if bytes.len() <= MAX_BYTES { Ok(bytes) } else { Err(Malformed) }
    }

    fn cose(&self) -> CoseEncrypt0 {
        let unprotected = HeaderBuilder::new().iv(self.iv.to_vec()).build();
        let builder = CoseEncrypt0Builder::new().protected(self.header.protected()).unprotected(unprotected);
        builder.ciphertext(self.sealed.clone()).build()
    }

    /// Takes a ciphertext apart.
    ///
    /// # Errors
    /// Where it is not, byte for byte, what [`Ciphertext::encode`] could have made.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_BYTES {
            return Err(Malformed);
        }
        let cose = CoseEncrypt0::from_tagged_slice(bytes).map_err(|_| Malformed)?;
        let key_id = &cose.protected.header.key_id;
        let split = key_id.len().checked_sub(MATERIAL_ID_BYTES).ok_or(Malformed)?;
        let (key, material) = key_id.split_at(split);
        let key = std::str::from_utf8(key).ok().and_then(KeyId::parse).ok_or(Malformed)?;
        let material = KeyMaterialId(material.try_into().map_err(|_| Malformed)?);
        let iv = cose.unprotected.iv[..].try_into().map_err(|_| Malformed)?;
        let sealed = cose.ciphertext.filter(|sealed| sealed.len() > TAG_BYTES).ok_or(Malformed)?;
        let ciphertext = Self { header: Header { key, material }, iv, sealed };
        // Made anew from what was understood: whatever else was in there makes the two differ.
        if ciphertext.encode()? == bytes { Ok(ciphertext) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests;

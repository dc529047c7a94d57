//! Which material a key holds, without saying anything about it.
//!
//! A [`KeyMaterialId`] is SHA-256 over a domain string, the key id and [`Evidence`]: a value that only the material can
//! produce. The token produces it from what it holds; the owner produces the same from the plaintext, and compares.

use sha2::{Digest, Sha256};

use super::KeyId;

/// What every fingerprint of this kind begins with.
pub const DOMAIN: &[u8] = b"keyferry key material id v1";

/// 64 lower-case hex digits on the wire: the same for the same material in the same key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct KeyMaterialId(pub [u8; 32]);

impl KeyMaterialId {
    /// The id that 64 lower-case hex digits are.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        base16ct::lower::decode(text, &mut bytes).ok()?.len().eq(&32).then_some(Self(bytes))
    }
}

impl From<KeyMaterialId> for String {
    fn from(id: KeyMaterialId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for KeyMaterialId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not 64 lower-case hex digits")
    }
}

impl std::fmt::Display for KeyMaterialId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

impl std::fmt::Debug for KeyMaterialId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyMaterialId({self})")
    }
}

/// What only the material can produce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Of AES: the encryption, block by block, of the two blocks of [`aes_blocks`].
    Aes([u8; 32]),
    /// Of an HMAC key: its MAC of [`DOMAIN`] under the hash of the key spec, in full length.
    Hmac(Vec<u8>),
    /// Of a private key: DER SubjectPublicKeyInfo, an EC point uncompressed.
    Spki(Vec<u8>),
}

/// The two blocks that AES evidence encrypts: SHA-256 of [`DOMAIN`].
pub fn aes_blocks() -> [u8; 32] {
    Sha256::digest(DOMAIN).into()
}

impl Evidence {
    /// The id of the material, as a material of `key`.
    pub fn material_id(&self, key: &KeyId) -> KeyMaterialId {
        let (kind, value): (&[u8], &[u8]) = match self {
            Self::Aes(blocks) => (b"aes", blocks),
            Self::Hmac(mac) => (b"hmac", mac),
            Self::Spki(der) => (b"spki", der),
        };
        let mut hash = Sha256::new();
        for part in [DOMAIN, key.as_str().as_bytes(), kind] {
            hash.update(part);
            hash.update([0]);
        }
        hash.update(value);
        KeyMaterialId(hash.finalize().into())
    }
}

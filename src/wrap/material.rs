//! Key material in the clear, checked: what is wrapped, and what proves it afterwards.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use der::Decode;
use hmac::{Hmac, Mac};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::private_key::{self, Private};
use super::{Error, Locked, spki};
use crate::model::MaterialKind;
use crate::model::fingerprint::{self, Evidence};
use crate::model::key_spec::HmacHash;

/// Bytes that wipe themselves.
enum Kept {
    Plain(Zeroizing<Vec<u8>>),
    Locked(Locked),
}

impl Kept {
    fn plain(bytes: &[u8]) -> Self {
        Self::Plain(Zeroizing::new(bytes.to_vec()))
    }

    fn locked(bytes: &[u8]) -> Self {
        Self::Locked(Locked::from(bytes))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Locked(bytes) => bytes,
        }
    }
}

/// Key material that is what its key spec wants. Wiped when dropped; prints nothing of itself.
pub struct Material {
    bytes: Kept,
    evidence: Evidence,
    kcv: Option<[u8; 3]>,
    scalar: Option<Kept>,
}

impl Material {
    /// What is wrapped: raw bytes of a secret key, DER PKCS#8 of a private key.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.bytes()
    }

    /// Whether all of it is kept out of the swap; see [`Locked`].
    pub fn is_locked(&self) -> bool {
        let is_locked = |kept: &Kept| matches!(kept, Kept::Locked(bytes) if bytes.is_locked());
        is_locked(&self.bytes) && self.scalar.as_ref().is_none_or(is_locked)
    }

    /// What only this material can produce, computed from the plaintext.
    pub fn evidence(&self) -> Evidence {
        self.evidence.clone()
    }

    /// The key check value of an AES key: the first three bytes of the encryption of a zero block.
    pub fn kcv(&self) -> Option<[u8; 3]> {
        self.kcv
    }

    /// The scalar of an EC key, big-endian, as long as a field element: what PKCS#11 takes as CKA_VALUE.
    pub fn ec_scalar(&self) -> Option<&[u8]> {
        self.scalar.as_ref().map(Kept::bytes)
    }

    /// The numbers of an RSA key, as PKCS#11 takes them.
    pub fn rsa_numbers(&self) -> Option<RsaPrivateKeyRef<'_>> {
        let info = PrivateKeyInfoRef::from_der(self.bytes()).ok()?;
        RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).ok()
    }
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Material(redacted)")
    }
}

/// Takes `bytes` as material of this kind: raw bytes, or unencrypted DER PKCS#8.
///
/// # Errors
/// [`Error::Unfit`] where they are anything else; says what was found, what is expected, and how to come from one to the other.
pub fn material(kind: MaterialKind, bytes: &[u8]) -> Result<Material, Error> {
    // Not in pages that are unlocked afterwards: a service has all of its memory locked, and would lose that for these.
    checked(kind, bytes, Kept::plain)
}

/// The same, kept in locked pages for as long as it lives: for the owner of the material, who may wait for a service with it.
///
/// # Errors
/// As [`material()`].
pub fn locked_material(kind: MaterialKind, bytes: &[u8]) -> Result<Material, Error> {
    checked(kind, bytes, Kept::locked)
}

fn checked(kind: MaterialKind, bytes: &[u8], keep: fn(&[u8]) -> Kept) -> Result<Material, Error> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    let (evidence, kcv, scalar) = match kind {
        MaterialKind::Aes256 => {
            let key: &[u8; 32] = secret(kind, bytes)?.try_into().map_err(|_| Error::Empty)?;
            let (evidence, kcv) = of_aes(key);
            (evidence, Some(kcv), None)
        }
        MaterialKind::Hmac(hash) => (of_hmac(hash, secret(kind, bytes)?)?, None, None),
        MaterialKind::Rsa(_) | MaterialKind::Ec(_) => match private_key::parse(kind, bytes)? {
            Private::Rsa { modulus, exponent } => (Evidence::Spki(spki::rsa(&modulus, &exponent)?), None, None),
            Private::Ec { curve, point, scalar } => (Evidence::Spki(spki::ec(curve, &point)?), None, Some(scalar)),
        },
    };
    Ok(Material { bytes: keep(bytes), evidence, kcv, scalar: scalar.map(|scalar| keep(&scalar)) })
}

fn secret(kind: MaterialKind, bytes: &[u8]) -> Result<&[u8], Error> {
    let wanted = kind.secret_bytes().unwrap_or_default();
    if bytes.len() == wanted {
        return Ok(bytes);
    }
    let (text, remedy) = as_text(bytes, wanted).unzip();
    let name = match kind {
        MaterialKind::Hmac(hash) => hash.as_str(),
        _ => "AES-256",
    };
    Err(Error::Unfit {
        found: format!("{} bytes{}", bytes.len(), text.unwrap_or_default()),
        expected: format!("exactly {wanted} raw bytes for {name}"),
        remedy: remedy.map(str::to_owned),
    })
}

/// What a key of `wanted` bytes looks like that somebody stored as text.
fn as_text(bytes: &[u8], wanted: usize) -> Option<(&'static str, &'static str)> {
    let text = bytes.trim_ascii();
    if text.len() == 2 * wanted && text.iter().all(u8::is_ascii_hexdigit) {
        return Some((" of hexadecimal text", "xxd -r -p KEY KEY.bin"));
    }
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    (text.len() == wanted.div_ceil(3) * 4 && text.iter().all(base64))
        .then_some((" of base64 text", "openssl base64 -d -A -in KEY -out KEY.bin"))
}

fn of_aes(key: &[u8; 32]) -> (Evidence, [u8; 3]) {
    let cipher = Aes256::new(key.into());
    let encrypt = |block: &[u8]| {
        let mut out = aes::Block::default();
        out.copy_from_slice(block);
        cipher.encrypt_block(&mut out);
        out
    };
    let mut evidence = [0; 32];
    for (out, block) in evidence.chunks_exact_mut(16).zip(fingerprint::aes_blocks().chunks_exact(16)) {
        out.copy_from_slice(&encrypt(block));
    }
    let zero = encrypt(&[0; 16]);
    (Evidence::Aes(evidence), [zero[0], zero[1], zero[2]])
}

fn of_hmac(hash: HmacHash, key: &[u8]) -> Result<Evidence, Error> {
    fn mac<M: Mac + hmac::KeyInit>(key: &[u8]) -> Result<Vec<u8>, Error> {
        let mac = <M as hmac::KeyInit>::new_from_slice(key).map_err(|_| Error::Empty)?;
        Ok(mac.chain_update(fingerprint::DOMAIN).finalize().into_bytes().to_vec())
    }
    Ok(Evidence::Hmac(match hash {
        HmacHash::Sha224 => mac::<Hmac<Sha224>>(key),
        HmacHash::Sha256 => mac::<Hmac<Sha256>>(key),
        HmacHash::Sha384 => mac::<Hmac<Sha384>>(key),
        HmacHash::Sha512 => mac::<Hmac<Sha512>>(key),
    }?))
}

//! The mechanisms that keyferry uses.

use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource, PkcsPssParams};
use cryptoki::mechanism::vendor_defined::VendorDefinedMechanism;
use cryptoki::mechanism::{Mechanism, MechanismType};

use super::below;
use crate::model::OaepHash;
use crate::model::key_spec::HmacHash;

/// RSA-OAEP, the hash being that of label and MGF1 alike, with an empty label (RFC 8017 §7.1).
pub(super) fn oaep(hash: OaepHash) -> Mechanism<'static> {
    let (hash, mgf) = match hash {
        OaepHash::Sha1 => (MechanismType::SHA1, PkcsMgfType::MGF1_SHA1),
        OaepHash::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
    };
    Mechanism::RsaPkcsOaep(PkcsOaepParams::new(hash, mgf, PkcsOaepSource::empty()))
}

/// RSA-PSS with SHA-256 and a salt of 32 bytes.
pub(super) fn pss() -> Mechanism<'static> {
    let params = PkcsPssParams { hash_alg: MechanismType::SHA256, mgf: PkcsMgfType::MGF1_SHA256, s_len: 32.into() };
    Mechanism::Sha256RsaPkcsPss(params)
}

/// HMAC in the full length of its hash.
pub(super) fn hmac(hash: HmacHash) -> Mechanism<'static> {
    match hash {
        HmacHash::Sha224 => Mechanism::Sha224Hmac,
        HmacHash::Sha256 => Mechanism::Sha256Hmac,
        HmacHash::Sha384 => Mechanism::Sha384Hmac,
        HmacHash::Sha512 => Mechanism::Sha512Hmac,
    }
}

/// The mechanisms that may turn out to be RFC 5649, most likely first. Their numbers do not tell: some tokens pad otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyWrap {
    /// CKM_AES_KEY_WRAP_KWP.
    Kwp,
    /// CKM_AES_KEY_WRAP_PAD.
    Pad,
}

impl KeyWrap {
    pub(super) const CANDIDATES: [Self; 2] = [Self::Kwp, Self::Pad];

    /// CK_MECHANISM_TYPE.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Kwp => 0x210B,
            Self::Pad => 0x210A,
        }
    }

    pub(super) fn mechanism(self) -> Mechanism<'static> {
        match self {
            Self::Kwp => {
                let kwp = below::mechanism(self.number() as _);
                Mechanism::VendorDefined(VendorDefinedMechanism::new::<()>(kwp, None))
            }
            Self::Pad => Mechanism::AesKeyWrapPad,
        }
    }
}

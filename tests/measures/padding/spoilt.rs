//! SM2 ciphertexts that are wrong in one place each, encrypted by RustCrypto.

use getrandom::SysRng;
use sm2::PublicKey;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::pkcs8::DecodePublicKey;
use sm2::pke::{EncryptingKey, Mode};

/// Where a ciphertext, C1 ‖ C3 ‖ C2, is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoilt {
    /// A bit of the digest.
    Digest,
    /// A bit of what is encrypted.
    Text,
    /// The negative of its point.
    Negative,
    /// Nowhere: what is in it is no private key.
    Material,
    /// Its point, which is not on the curve: nothing secret says so, and the token is not asked.
    Point,
}

impl Spoilt {
    pub const ALL: [Self; 5] = [Self::Digest, Self::Text, Self::Negative, Self::Material, Self::Point];

    /// A ciphertext of this private key like no other.
    pub fn ciphertext(self, spki: &[u8], private_key: &[u8]) -> Vec<u8> {
        let key = EncryptingKey::new_with_mode(PublicKey::from_public_key_der(spki).unwrap(), Mode::C1C3C2);
        let mut plain = private_key.to_vec();
        if self == Self::Material {
            getrandom::fill(&mut plain).unwrap();
        }
        let mut ciphertext = key.encrypt(&mut SysRng, &plain).unwrap();
        match self {
            Self::Digest => ciphertext[70] ^= 1,
            Self::Text => ciphertext[120] ^= 1,
            Self::Negative => {
                let point = -PublicKey::from_sec1_bytes(&ciphertext[..65]).unwrap().to_projective();
                ciphertext[..65].copy_from_slice(point.to_affine().to_sec1_point(false).as_bytes());
            }
            Self::Material => {}
            Self::Point => ciphertext[64] ^= 1,
        }
        ciphertext
    }
}

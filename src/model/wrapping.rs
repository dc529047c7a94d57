//! Which wrapping goes with which key, and how long a wrapped blob is (KMS Developer Guide, "Select a wrapping algorithm").

mod choices;

pub use choices::choices;

use super::key_spec::Curve;
use super::{Invalid, KeySpec, MaterialKind};

crate::named! {
    /// How key material is wrapped.
    pub enum WrappingAlgorithm {
        /// Withdrawn on 2023-10-10; named so that it can be refused by name.
        RsaesPkcs1V15 = "RSAES_PKCS1_V1_5",
        /// RSA-OAEP with SHA-1.
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        /// RSA-OAEP with SHA-256.
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        /// RSA-OAEP with SHA-1 of an AES-256 key, then AES-KWP (RFC 5649).
        RsaAesKeyWrapSha1 = "RSA_AES_KEY_WRAP_SHA_1",
        /// RSA-OAEP with SHA-256 of an AES-256 key, then AES-KWP (RFC 5649).
        RsaAesKeyWrapSha256 = "RSA_AES_KEY_WRAP_SHA_256",
        /// SM2 public-key encryption (GB/T 32918.4).
        Sm2pke = "SM2PKE",
    }
}

crate::named! {
    /// The kind of a wrapping key pair.
    pub enum WrappingKeySpec {
        /// RSA, 2048 bits.
        Rsa2048 = "RSA_2048",
        /// RSA, 3072 bits.
        Rsa3072 = "RSA_3072",
        /// RSA, 4096 bits.
        Rsa4096 = "RSA_4096",
        /// The SM2 curve.
        Sm2 = "SM2",
    }
}

crate::named! {
    /// The hash of RSA-OAEP, for the label and for MGF1 alike.
    pub enum OaepHash {
        /// SHA-1.
        Sha1 = "SHA-1",
        /// SHA-256.
        Sha256 = "SHA-256",
    }
}

impl OaepHash {
    /// Its length in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// The bytes of the ephemeral AES key of the hybrid.
pub const KEK_BYTES: usize = 32;

/// C1 uncompressed, C3 and one byte of C2: the shortest ciphertext of SM2. In ASN.1 it is longer, but for coordinates that nobody has met.
const LEAST_SM2_BYTES: usize = 65 + 32 + 1;

/// The most that an import token or a wrapped blob may measure, in bytes (KMS API Reference).
pub const MAX_BLOB_BYTES: usize = 6144;

impl WrappingKeySpec {
    /// The length of the modulus in bytes; `None` where it is no RSA key.
    pub fn modulus_bytes(self) -> Option<usize> {
        match self {
            Self::Rsa2048 => Some(256),
            Self::Rsa3072 => Some(384),
            Self::Rsa4096 => Some(512),
            Self::Sm2 => None,
        }
    }
}

impl WrappingAlgorithm {
    /// The algorithms that keyferry serves.
    pub fn supported() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|algorithm| *algorithm != Self::RsaesPkcs1V15)
    }

    /// The hash of its OAEP; `None` where it has none.
    pub fn oaep_hash(self) -> Option<OaepHash> {
        match self {
            Self::RsaesOaepSha1 | Self::RsaAesKeyWrapSha1 => Some(OaepHash::Sha1),
            Self::RsaesOaepSha256 | Self::RsaAesKeyWrapSha256 => Some(OaepHash::Sha256),
            Self::RsaesPkcs1V15 | Self::Sm2pke => None,
        }
    }

    /// Whether RSA wraps an AES key and that wraps the material.
    pub fn is_hybrid(self) -> bool {
        matches!(self, Self::RsaAesKeyWrapSha1 | Self::RsaAesKeyWrapSha256)
    }

    /// Whether material of `key` may come in so wrapped: the compatibility matrix.
    ///
    /// # Errors
    /// Where it may not, in the reference's words.
    pub fn permit(self, wrapping: WrappingKeySpec, key: KeySpec) -> Result<(), Invalid> {
        if self.suits(wrapping, key) {
            return Ok(());
        }
        let withdrawn = match self {
            Self::RsaesPkcs1V15 => " RSAES_PKCS1_V1_5 is withdrawn: use RSAES_OAEP_SHA_256.",
            _ => "",
        };
        let mismatch =
            format!("Wrapping algorithm {self} and wrapping key spec {wrapping} cannot be used to import a {key} key.");
        Err(Invalid::new("wrappingAlgorithm", mismatch + withdrawn))
    }

    fn suits(self, wrapping: WrappingKeySpec, key: KeySpec) -> bool {
        let Some(material) = key.material() else { return false };
        // The one algorithm that takes it, and takes no other.
        if (wrapping == WrappingKeySpec::Sm2) != (self == Self::Sm2pke) {
            return false;
        }
        match self {
            Self::RsaesPkcs1V15 => false,
            Self::Sm2pke => matches!(material, MaterialKind::Rsa(_) | MaterialKind::Ec(_)),
            Self::RsaesOaepSha1 | Self::RsaesOaepSha256 => match material {
                MaterialKind::Aes256 | MaterialKind::Hmac(_) => true,
                MaterialKind::Rsa(_) => false,
                // By rule, not by size: without its public point it would fit.
                MaterialKind::Ec(Curve::P521) => wrapping != WrappingKeySpec::Rsa2048,
                MaterialKind::Ec(_) => true,
            },
            Self::RsaAesKeyWrapSha1 | Self::RsaAesKeyWrapSha256 => {
                matches!(
                    material,
                    MaterialKind::Rsa(_) | MaterialKind::Ec(Curve::P256 | Curve::P384 | Curve::P521 | Curve::K256)
                )
            }
        }
    }

    /// Whether a wrapped blob can be `length` bytes long: k, or k + 8·n with n ≥ 2, for a modulus of k bytes (RFC 8017 §7.1, RFC 5649 §4);
    /// a point, a digest and at least one byte for SM2 (GB/T 32918.4 §6.1).
    pub fn fits(self, wrapping: WrappingKeySpec, length: usize) -> bool {
        if self == Self::Sm2pke {
            return wrapping == WrappingKeySpec::Sm2 && (LEAST_SM2_BYTES..=MAX_BLOB_BYTES).contains(&length);
        }
        let Some(k) = wrapping.modulus_bytes() else { return false };
        if self.is_hybrid() {
            length >= k + 16 && (length - k).is_multiple_of(8) && length <= MAX_BLOB_BYTES
        } else {
            length == k
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeySpec::*;

    /// Every cell, spelled out a second time: a change here must be made on purpose.
    #[test]
    fn matrix() {
        use WrappingAlgorithm::*;
        const ALL: [bool; 4] = [true, true, true, false];
        const NONE: [bool; 4] = [false; 4];
        #[rustfmt::skip]
        let expected = [
            //                         OAEP                        RSA_AES  SM2PKE
            //                         2048   3072   4096   SM2             × SM2
            (SymmetricDefault,         ALL,                        NONE,    false), // these are for private keys
            (Hmac224,                  ALL,                        NONE,    false),
            (Hmac256,                  ALL,                        NONE,    false),
            (Hmac384,                  ALL,                        NONE,    false),
            (Hmac512,                  ALL,                        NONE,    false),
            (Rsa2048,                  NONE,                       ALL,     true),  // a private key is too long for OAEP
            (Rsa3072,                  NONE,                       ALL,     true),
            (Rsa4096,                  NONE,                       ALL,     true),
            (EccNistP256,              ALL,                        ALL,     true),
            (EccNistP384,              ALL,                        ALL,     true),
            (EccNistP521,              [false, true, true, false], ALL,     true),  // 241 bytes of PKCS#8 do not fit RSA_2048
            (EccSecgP256k1,            ALL,                        ALL,     true),
            (Sm2,                      ALL,                        NONE,    true),
            (MlDsa44,                  NONE,                       NONE,    false),
            (MlDsa65,                  NONE,                       NONE,    false),
            (MlDsa87,                  NONE,                       NONE,    false),
            (EccNistEdwards25519,      NONE,                       NONE,    false),
        ];
        assert_eq!(expected.len(), KeySpec::ALL.len());
        for (key, oaep, hybrid, sm2) in expected {
            for (wrapping, (oaep, hybrid)) in WrappingKeySpec::ALL.iter().zip(oaep.into_iter().zip(hybrid)) {
                for algorithm in WrappingAlgorithm::ALL {
                    let allowed = match algorithm {
                        RsaesPkcs1V15 => false,
                        Sm2pke => sm2 && *wrapping == WrappingKeySpec::Sm2,
                        RsaesOaepSha1 | RsaesOaepSha256 => oaep,
                        RsaAesKeyWrapSha1 | RsaAesKeyWrapSha256 => hybrid,
                    };
                    assert_eq!(algorithm.permit(*wrapping, key).is_ok(), allowed, "{key} {algorithm} {wrapping}");
                }
            }
        }
    }

    #[test]
    fn a_mismatch_reads_as_the_reference_has_it() {
        let refusal = WrappingAlgorithm::RsaAesKeyWrapSha256.permit(WrappingKeySpec::Rsa3072, SymmetricDefault).unwrap_err();
        assert_eq!(
            refusal.message,
            "Wrapping algorithm RSA_AES_KEY_WRAP_SHA_256 and wrapping key spec RSA_3072 cannot be used to import a SYMMETRIC_DEFAULT key."
        );
    }

    #[test]
    fn a_blob_is_as_long_as_arithmetic_says() {
        use WrappingAlgorithm::{RsaAesKeyWrapSha256, RsaesOaepSha256, Sm2pke};
        let fitting = |algorithm: WrappingAlgorithm, wrapping| {
            (0..7000).filter(|length| algorithm.fits(wrapping, *length)).collect::<Vec<usize>>()
        };
        assert_eq!(fitting(RsaesOaepSha256, WrappingKeySpec::Rsa3072), [384]);
        let hybrid = fitting(RsaAesKeyWrapSha256, WrappingKeySpec::Rsa2048);
        assert_eq!((hybrid[0], hybrid[1], hybrid.last()), (272, 280, Some(&6144)));
        assert!(fitting(RsaesOaepSha256, WrappingKeySpec::Sm2).is_empty());
        assert!(fitting(Sm2pke, WrappingKeySpec::Rsa2048).is_empty());
        assert_eq!(fitting(Sm2pke, WrappingKeySpec::Sm2), (98..=6144).collect::<Vec<_>>());
    }
}

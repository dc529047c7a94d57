//! What keys can be used with: every name that the reference has, also those that no key here goes with.

use sha2::{Digest, Sha256, Sha384, Sha512};

use super::OaepHash;

crate::named! {
    /// How something is encrypted.
    pub enum EncryptionAlgorithm {
        /// AES-256-GCM.
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        /// RSA-OAEP with SHA-1.
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        /// RSA-OAEP with SHA-256.
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        /// SM2 public-key encryption (GB/T 32918.4).
        Sm2pke = "SM2PKE",
    }
}

impl EncryptionAlgorithm {
    /// The hash of RSA-OAEP; `None` for what is none.
    pub fn oaep_hash(self) -> Option<OaepHash> {
        match self {
            Self::RsaesOaepSha1 => Some(OaepHash::Sha1),
            Self::RsaesOaepSha256 => Some(OaepHash::Sha256),
            Self::SymmetricDefault | Self::Sm2pke => None,
        }
    }
}

crate::named! {
    /// How something is signed.
    pub enum SigningAlgorithm {
        /// RSA-PSS with SHA-256.
        RsassaPssSha256 = "RSASSA_PSS_SHA_256",
        /// RSA-PSS with SHA-384.
        RsassaPssSha384 = "RSASSA_PSS_SHA_384",
        /// RSA-PSS with SHA-512.
        RsassaPssSha512 = "RSASSA_PSS_SHA_512",
        /// PKCS#1 v1.5 with SHA-256.
        RsassaPkcs1Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
        /// PKCS#1 v1.5 with SHA-384.
        RsassaPkcs1Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
        /// PKCS#1 v1.5 with SHA-512.
        RsassaPkcs1Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
        /// ECDSA with SHA-256.
        EcdsaSha256 = "ECDSA_SHA_256",
        /// ECDSA with SHA-384.
        EcdsaSha384 = "ECDSA_SHA_384",
        /// ECDSA with SHA-512.
        EcdsaSha512 = "ECDSA_SHA_512",
        /// Not supported for now.
        Sm2dsa = "SM2DSA",
        /// Not supported for now.
        MlDsaShake256 = "ML_DSA_SHAKE_256",
        /// Not supported for now.
        Ed25519Sha512 = "ED25519_SHA_512",
        /// Not supported for now.
        Ed25519PhSha512 = "ED25519_PH_SHA_512",
    }
}

/// What is computed of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    Pkcs1,
    /// RSASSA-PSS (RFC 8017 §8.1): MGF1 with the same hash, a salt as long as the hash, trailer 0xbc.
    Pss,
    /// ECDSA (FIPS 186-5 §6).
    Ecdsa,
}

/// The hash of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl SignatureHash {
    /// The length of a digest, in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of a message.
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

impl SigningAlgorithm {
    /// What it does, and over which hash; `None` where no key here goes with it.
    pub fn parts(self) -> Option<(SignatureScheme, SignatureHash)> {
        use SignatureHash::{Sha256, Sha384, Sha512};
        use SignatureScheme::{Ecdsa, Pkcs1, Pss};
        Some(match self {
            Self::RsassaPssSha256 => (Pss, Sha256),
            Self::RsassaPssSha384 => (Pss, Sha384),
            Self::RsassaPssSha512 => (Pss, Sha512),
            Self::RsassaPkcs1Sha256 => (Pkcs1, Sha256),
            Self::RsassaPkcs1Sha384 => (Pkcs1, Sha384),
            Self::RsassaPkcs1Sha512 => (Pkcs1, Sha512),
            Self::EcdsaSha256 => (Ecdsa, Sha256),
            Self::EcdsaSha384 => (Ecdsa, Sha384),
            Self::EcdsaSha512 => (Ecdsa, Sha512),
            Self::Sm2dsa | Self::MlDsaShake256 | Self::Ed25519Sha512 | Self::Ed25519PhSha512 => return None,
        })
    }
}

crate::named! {
    /// What is handed over to be signed.
    pub enum MessageType {
        /// The message.
        Raw = "RAW",
        /// Its digest.
        Digest = "DIGEST",
        /// What only ML-DSA signs.
        ExternalMu = "EXTERNAL_MU",
    }
}

crate::named! {
    /// How a secret is agreed on.
    pub enum KeyAgreementAlgorithm {
        /// Elliptic curve cofactor Diffie-Hellman (NIST SP 800-56A §5.7.1.2).
        Ecdh = "ECDH",
    }
}

crate::named! {
    /// What a data key is for.
    pub enum DataKeySpec {
        /// 32 bytes.
        Aes256 = "AES_256",
        /// 16 bytes.
        Aes128 = "AES_128",
    }
}

impl DataKeySpec {
    /// Its length, in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Aes256 => 32,
            Self::Aes128 => 16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::KeySpec;
    use crate::model::key_spec::HmacHash;

    #[test]
    fn every_algorithm_that_describe_key_lists_has_a_name_here_and_is_served() {
        for spec in KeySpec::supported() {
            for algorithm in spec.usages().iter().flat_map(|usage| spec.algorithms(*usage)) {
                let encrypts = algorithm.parse::<EncryptionAlgorithm>().is_ok();
                let signs = algorithm.parse::<SigningAlgorithm>().is_ok_and(|it| it.parts().is_some());
                let others = algorithm.parse::<HmacHash>().is_ok() || algorithm.parse::<KeyAgreementAlgorithm>().is_ok();
                assert!(encrypts || signs || others, "{spec} {algorithm}");
            }
        }
    }

    #[test]
    fn a_digest_is_as_long_as_its_hash_says() {
        for hash in [SignatureHash::Sha256, SignatureHash::Sha384, SignatureHash::Sha512] {
            assert_eq!(hash.digest(b"").len(), hash.bytes());
        }
    }
}

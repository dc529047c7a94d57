//! What kinds of key there are, what each is for, and what its material must be (KMS API Reference, CreateKey).

use super::Invalid;

crate::named! {
    /// A key's kind.
    pub enum KeySpec {
        /// AES, 256 bits.
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        /// HMAC, 28 bytes.
        Hmac224 = "HMAC_224",
        /// HMAC, 32 bytes.
        Hmac256 = "HMAC_256",
        /// HMAC, 48 bytes.
        Hmac384 = "HMAC_384",
        /// HMAC, 64 bytes.
        Hmac512 = "HMAC_512",
        /// RSA, 2048 bits.
        Rsa2048 = "RSA_2048",
        /// RSA, 3072 bits.
        Rsa3072 = "RSA_3072",
        /// RSA, 4096 bits.
        Rsa4096 = "RSA_4096",
        /// NIST P-256.
        EccNistP256 = "ECC_NIST_P256",
        /// NIST P-384.
        EccNistP384 = "ECC_NIST_P384",
        /// NIST P-521.
        EccNistP521 = "ECC_NIST_P521",
        /// secp256k1.
        EccSecgP256k1 = "ECC_SECG_P256K1",
        /// The SM2 curve.
        Sm2 = "SM2",
        /// ML-DSA-44: not supported for now.
        MlDsa44 = "ML_DSA_44",
        /// ML-DSA-65: not supported for now.
        MlDsa65 = "ML_DSA_65",
        /// ML-DSA-87: not supported for now.
        MlDsa87 = "ML_DSA_87",
        /// Ed25519: not supported for now.
        EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
    }
}

crate::named! {
    /// What a key is for.
    pub enum KeyUsage {
        /// Encrypt and decrypt.
        EncryptDecrypt = "ENCRYPT_DECRYPT",
        /// Sign and verify.
        SignVerify = "SIGN_VERIFY",
        /// Make and check MACs.
        GenerateVerifyMac = "GENERATE_VERIFY_MAC",
        /// Derive shared secrets.
        KeyAgreement = "KEY_AGREEMENT",
    }
}

crate::named! {
    /// A named curve.
    pub enum Curve {
        /// NIST P-256.
        P256 = "P-256",
        /// NIST P-384.
        P384 = "P-384",
        /// NIST P-521.
        P521 = "P-521",
        /// secp256k1.
        K256 = "secp256k1",
        /// sm2p256v1 (GB/T 32918.5).
        Sm2 = "SM2",
    }
}

impl Curve {
    /// The length of a field element, in bytes.
    pub fn field_bytes(self) -> usize {
        match self {
            Self::P256 | Self::K256 | Self::Sm2 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

crate::named! {
    /// The hash of an HMAC key spec.
    pub enum HmacHash {
        /// SHA-224.
        Sha224 = "HMAC_SHA_224",
        /// SHA-256.
        Sha256 = "HMAC_SHA_256",
        /// SHA-384.
        Sha384 = "HMAC_SHA_384",
        /// SHA-512.
        Sha512 = "HMAC_SHA_512",
    }
}

impl HmacHash {
    /// The length of the hash and of the key, in bytes.
    ///
    /// The reference contradicts itself on longer keys (a range on one page, "must match the length" on another); the
    /// exact length is the strict reading.
    pub fn key_bytes(self) -> usize {
        match self {
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// What the material of a supported key spec is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MaterialKind {
    /// 32 raw bytes.
    Aes256,
    /// As many raw bytes as the hash is long.
    Hmac(HmacHash),
    /// PKCS#8 (RFC 5208) of a two-prime RSA private key whose modulus has this many bits.
    Rsa(usize),
    /// PKCS#8 of an RFC 5915 private key on this named curve.
    Ec(Curve),
}

impl MaterialKind {
    /// The length of a secret key's material, in bytes; `None` for private keys.
    pub fn secret_bytes(self) -> Option<usize> {
        match self {
            Self::Aes256 => Some(32),
            Self::Hmac(hash) => Some(hash.key_bytes()),
            Self::Rsa(_) | Self::Ec(_) => None,
        }
    }
}

impl KeySpec {
    /// The specs that keyferry serves.
    pub fn supported() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|spec| spec.material().is_some())
    }

    /// What its material is; `None` where the spec is not supported.
    pub fn material(self) -> Option<MaterialKind> {
        Some(match self {
            Self::SymmetricDefault => MaterialKind::Aes256,
            Self::Hmac224 => MaterialKind::Hmac(HmacHash::Sha224),
            Self::Hmac256 => MaterialKind::Hmac(HmacHash::Sha256),
            Self::Hmac384 => MaterialKind::Hmac(HmacHash::Sha384),
            Self::Hmac512 => MaterialKind::Hmac(HmacHash::Sha512),
            Self::Rsa2048 => MaterialKind::Rsa(2048),
            Self::Rsa3072 => MaterialKind::Rsa(3072),
            Self::Rsa4096 => MaterialKind::Rsa(4096),
            Self::EccNistP256 => MaterialKind::Ec(Curve::P256),
            Self::EccNistP384 => MaterialKind::Ec(Curve::P384),
            Self::EccNistP521 => MaterialKind::Ec(Curve::P521),
            Self::EccSecgP256k1 => MaterialKind::Ec(Curve::K256),
            Self::Sm2 => MaterialKind::Ec(Curve::Sm2),
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 | Self::EccNistEdwards25519 => return None,
        })
    }

    /// Whether it has one key material id at a time that callers see, and may have several materials.
    pub fn is_symmetric_encryption(self) -> bool {
        self == Self::SymmetricDefault
    }

    /// What a key of this spec may be for; the first is the usual one.
    pub fn usages(self) -> &'static [KeyUsage] {
        use KeyUsage::{EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify};
        match self {
            Self::SymmetricDefault => &[EncryptDecrypt],
            Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512 => &[GenerateVerifyMac],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[EncryptDecrypt, SignVerify],
            Self::EccNistP256 | Self::EccNistP384 | Self::EccNistP521 => &[SignVerify, KeyAgreement],
            Self::EccSecgP256k1 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 | Self::EccNistEdwards25519 => &[SignVerify],
            Self::Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
        }
    }

    /// Settles what a key is for.
    ///
    /// # Errors
    /// Where the usage is missing for another spec than SYMMETRIC_DEFAULT, or does not go with the spec.
    pub fn usage(self, asked: Option<KeyUsage>) -> Result<KeyUsage, Invalid> {
        let Some(usage) = asked else {
            if self.is_symmetric_encryption() {
                return Ok(KeyUsage::EncryptDecrypt);
            }
            return Err(Invalid::new(
                "keyUsage",
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
            ));
        };
        if self.usages().contains(&usage) {
            return Ok(usage);
        }
        Err(Invalid::new("keyUsage", format!("KeyUsage {usage} is not compatible with KeySpec {self}")))
    }

    /// The algorithms that DescribeKey lists for a key of this spec and usage; none where no token does any, as for SM2DSA.
    pub fn algorithms(self, usage: KeyUsage) -> &'static [&'static str] {
        match (usage, self.material()) {
            (KeyUsage::EncryptDecrypt, Some(MaterialKind::Aes256)) => &["SYMMETRIC_DEFAULT"],
            (KeyUsage::EncryptDecrypt, Some(MaterialKind::Rsa(_))) => &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"],
            (KeyUsage::SignVerify, Some(MaterialKind::Rsa(_))) => &[
                "RSASSA_PKCS1_V1_5_SHA_256",
                "RSASSA_PKCS1_V1_5_SHA_384",
                "RSASSA_PKCS1_V1_5_SHA_512",
                "RSASSA_PSS_SHA_256",
                "RSASSA_PSS_SHA_384",
                "RSASSA_PSS_SHA_512",
            ],
            (KeyUsage::SignVerify, Some(MaterialKind::Ec(Curve::P256 | Curve::K256))) => &["ECDSA_SHA_256"],
            (KeyUsage::SignVerify, Some(MaterialKind::Ec(Curve::P384))) => &["ECDSA_SHA_384"],
            (KeyUsage::SignVerify, Some(MaterialKind::Ec(Curve::P521))) => &["ECDSA_SHA_512"],
            (KeyUsage::EncryptDecrypt, Some(MaterialKind::Ec(Curve::Sm2))) => &["SM2PKE"],
            (KeyUsage::KeyAgreement, Some(MaterialKind::Ec(_))) => &["ECDH"],
            (KeyUsage::GenerateVerifyMac, Some(MaterialKind::Hmac(HmacHash::Sha224))) => &["HMAC_SHA_224"],
            (KeyUsage::GenerateVerifyMac, Some(MaterialKind::Hmac(HmacHash::Sha256))) => &["HMAC_SHA_256"],
            (KeyUsage::GenerateVerifyMac, Some(MaterialKind::Hmac(HmacHash::Sha384))) => &["HMAC_SHA_384"],
            (KeyUsage::GenerateVerifyMac, Some(MaterialKind::Hmac(HmacHash::Sha512))) => &["HMAC_SHA_512"],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supported_spec_lists_algorithms_for_each_of_its_usages_but_sm2_for_signing() {
        for spec in KeySpec::supported() {
            for usage in spec.usages() {
                let is_served = (spec, *usage) != (KeySpec::Sm2, KeyUsage::SignVerify);
                assert_eq!(!spec.algorithms(*usage).is_empty(), is_served, "{spec} {usage}");
            }
        }
    }

    #[test]
    fn a_usage_is_required_for_all_but_symmetric_keys_and_must_fit() {
        assert_eq!(KeySpec::SymmetricDefault.usage(None), Ok(KeyUsage::EncryptDecrypt));
        assert_eq!(
            KeySpec::Rsa2048.usage(None).unwrap_err().message,
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        );
        assert_eq!(
            KeySpec::Rsa2048.usage(Some(KeyUsage::KeyAgreement)).unwrap_err().message,
            "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"
        );
    }
}

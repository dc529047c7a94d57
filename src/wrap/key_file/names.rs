//! The names of what cannot be imported, and what to do instead.

use der::oid::ObjectIdentifier;

use super::ec;
use super::shape::Shape;
use crate::wrap::Error;

/// What to do where there is no way to make a key of it.
pub(super) const KINDS: &str =
    "what can be imported is RSA of 2048, 3072 or 4096 bits, and EC on P-256, P-384, P-521 or secp256k1";
pub(super) const PRIVATE: &str = "give the private key that belongs to it";

/// What people call it.
pub(super) fn of(shape: Shape) -> &'static str {
    match shape {
        Shape::Ber => "BER that is not DER",
        Shape::Certificate => "a certificate",
        Shape::Dsa => "a DSA private key",
        Shape::Encrypted => "an encrypted PKCS#8 private key",
        Shape::Pkcs1 => "a PKCS#1 RSA private key",
        Shape::Pkcs12 => "a PKCS#12 file",
        Shape::Pkcs7 => "a PKCS#7 file",
        Shape::Pkcs8 => "a PKCS#8 private key",
        Shape::PublicKey => "a public key",
        Shape::Request => "a certificate request",
        Shape::RsaPublicKey => "a PKCS#1 RSA public key",
        Shape::Sec1 => "a SEC1 EC private key",
        Shape::Short => "DER that ends too early",
        Shape::Unknown => "no DER of a private key",
    }
}

/// What to do about it.
pub(super) fn advice(shape: Shape, inform: &str) -> String {
    match shape {
        Shape::Ber => format!("write it anew: openssl pkey {inform}-in KEY -out KEY.pem"),
        Shape::Certificate | Shape::Pkcs7 | Shape::PublicKey | Shape::Request | Shape::RsaPublicKey => PRIVATE.into(),
        Shape::Dsa => KINDS.into(),
        Shape::Pkcs12 => "take the private key out of it: openssl pkcs12 -in KEY -nocerts -out KEY.pem".into(),
        Shape::Short => "take another copy of the key".into(),
        Shape::Encrypted | Shape::Pkcs1 | Shape::Pkcs8 | Shape::Sec1 | Shape::Unknown => {
            "give a private key, or say what the bytes are with --key-material-format".into()
        }
    }
}

/// Refuses the private key of an algorithm that no key spec has.
pub(super) fn unsupported(algorithm: ObjectIdentifier) -> Error {
    #[rustfmt::skip]
    let name = match algorithm.to_string().as_str() {
        "1.2.840.113549.1.1.7"  => "an RSA-OAEP private key (RFC 4055)".into(),
        "1.2.840.113549.1.1.10" => "an RSA-PSS private key (RFC 4055)".into(),
        "1.2.840.10040.4.1"     => of(Shape::Dsa).into(),
        "1.2.840.113549.1.3.1" | "1.2.840.10046.2.1" => "a Diffie-Hellman private key".into(),
        "1.3.101.110"           => "an X25519 private key".into(),
        "1.3.101.111"           => "an X448 private key".into(),
        "1.3.101.112"           => "an Ed25519 private key".into(),
        "1.3.101.113"           => "an Ed448 private key".into(),
        "2.16.840.1.101.3.4.3.17" => "an ML-DSA-44 private key".into(),
        "2.16.840.1.101.3.4.3.18" => "an ML-DSA-65 private key".into(),
        "2.16.840.1.101.3.4.3.19" => "an ML-DSA-87 private key".into(),
        other => format!("a private key of the algorithm {other}"),
    };
    Error::unusable(name, KINDS)
}

/// Refuses a curve that no key spec has.
pub(super) fn foreign_curve(name: ObjectIdentifier) -> Error {
    #[rustfmt::skip]
    let curve = match name.to_string().as_str() {
        "1.2.840.10045.3.1.1"   => "P-192".into(),
        "1.3.132.0.33"          => "P-224".into(),
        "1.2.156.10197.1.301"   => "SM2".into(),
        "1.3.36.3.3.2.8.1.1.7"  => "brainpoolP256r1".into(),
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1".into(),
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1".into(),
        other => format!("the curve {other}"),
    };
    Error::unusable(format!("an EC key on {curve}"), ec::CURVES)
}

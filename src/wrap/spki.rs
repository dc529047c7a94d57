//! DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), made and taken apart: one canonical form, so that equal keys have equal bytes.

use ::spki::{AlgorithmIdentifier, SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use der::asn1::{AnyRef, BitStringRef, UintRef};
use der::oid::ObjectIdentifier;
use der::pem::LineEnding;
use der::{Decode, Document, Encode};
use pkcs1::RsaPublicKeyRef;
use sm2::pkcs8::DecodePublicKey;

use super::{Error, curve};
use crate::model::WrappingKeySpec;
use crate::model::key_spec::Curve;

/// rsaEncryption (RFC 8017 appendix A.1).
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// id-ecPublicKey (RFC 5480 §2.1.1).
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// An RSA public key from its big-endian modulus and exponent: rsaEncryption with NULL parameters (RFC 3279 §2.3.1).
///
/// # Errors
/// Where one of them is zero.
pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, Error> {
    if bits(modulus) == 0 || bits(exponent) == 0 {
        return Err(Error::PublicKey("an RSA modulus or exponent of zero".into()));
    }
    let number = |bytes| UintRef::new(bytes).map_err(encoding);
    let key = RsaPublicKeyRef { modulus: number(modulus)?, public_exponent: number(exponent)? };
    encode(RSA, AnyRef::NULL, &key.to_der().map_err(encoding)?)
}

/// An EC public key from its uncompressed point (0x04, x, y): id-ecPublicKey with the curve's name (RFC 5480).
///
/// # Errors
/// Where the point is of another form or not on the curve.
pub fn ec(curve: Curve, uncompressed_point: &[u8]) -> Result<Vec<u8>, Error> {
    if !curve::holds(curve, uncompressed_point) {
        return Err(Error::PublicKey(format!("not an uncompressed point on {curve}")));
    }
    encode(EC, AnyRef::from(&curve::oid(curve)), uncompressed_point)
}

/// The PEM (RFC 7468 §13) of a DER SubjectPublicKeyInfo.
///
/// # Errors
/// Where it is too long for any.
pub fn pem(spki_der: &[u8]) -> Result<String, Error> {
    der::pem::encode_string("PUBLIC KEY", LineEnding::LF, spki_der).map_err(|error| Error::PublicKey(error.to_string()))
}

/// The modulus and the exponent of an RSA public key, big-endian and without leading zeros.
///
/// # Errors
/// Where it is none.
pub fn rsa_parts(spki_der: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let malformed = |_| Error::PublicKey("not a DER SubjectPublicKeyInfo".into());
    let info = SubjectPublicKeyInfoRef::from_der(spki_der).map_err(malformed)?;
    if info.algorithm.oid != RSA {
        return Err(Error::PublicKey(format!("of the algorithm {}, expected RSA", info.algorithm.oid)));
    }
    let key = info.subject_public_key.as_bytes().and_then(|key| RsaPublicKeyRef::from_der(key).ok());
    let key = key.ok_or_else(|| Error::PublicKey("not an RSAPublicKey (RFC 8017) inside".into()))?;
    Ok((key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec()))
}

/// The kind of wrapping key that a public key is; `None` where it is of another size or curve.
///
/// # Errors
/// Where it is no RSA or EC key.
pub fn wrapping_key_spec(spki_der: &[u8]) -> Result<Option<WrappingKeySpec>, Error> {
    if SubjectPublicKeyInfoRef::from_der(spki_der).is_ok_and(|info| info.algorithm.oid == EC) {
        return Ok(sm2::PublicKey::from_public_key_der(spki_der).ok().map(|_| WrappingKeySpec::Sm2));
    }
    let (modulus, _) = rsa_parts(spki_der)?;
    Ok(WrappingKeySpec::ALL.iter().find(|spec| spec.modulus_bytes() == Some(modulus.len())).copied())
}

/// The canonical DER of an RSA public key that somebody else wrote: PEM or DER of SubjectPublicKeyInfo, or of PKCS#1.
///
/// # Errors
/// Where it is none of these, or no RSA key.
pub fn from_pem_or_der(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let unknown = |_| Error::PublicKey("expected PEM or DER of an RSA public key".into());
    let document = match std::str::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN ") => {
            let (label, document) = Document::from_pem(text.trim()).map_err(|_| Error::PublicKey("malformed PEM".into()))?;
            match label {
                "PUBLIC KEY" | "RSA PUBLIC KEY" => document,
                "CERTIFICATE" => {
                    let found = "a certificate; take the key out of it: openssl x509 -in CERTIFICATE -noout -pubkey";
                    return Err(Error::PublicKey(found.into()));
                }
                _ => return Err(Error::PublicKey("PEM of something else than a public key".into())),
            }
        }
        _ => Document::from_der(bytes).map_err(unknown)?,
    };
    let (modulus, exponent) = match RsaPublicKeyRef::from_der(document.as_bytes()) {
        Ok(key) => (key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec()),
        Err(_) => rsa_parts(document.as_bytes())?,
    };
    rsa(&modulus, &exponent)
}

/// How many bits a big-endian number has.
pub(super) fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |top| (number.len() - zeros) * 8 - top.leading_zeros() as usize)
}

fn encode(oid: ObjectIdentifier, parameters: AnyRef<'_>, key: &[u8]) -> Result<Vec<u8>, Error> {
    let algorithm = AlgorithmIdentifier { oid, parameters: Some(parameters) };
    let subject_public_key = BitStringRef::from_bytes(key).map_err(encoding)?;
    SubjectPublicKeyInfo { algorithm, subject_public_key }.to_der().map_err(encoding)
}

fn encoding(error: der::Error) -> Error {
    Error::PublicKey(error.to_string())
}

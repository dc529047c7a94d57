//! Material of every kind that everyone may know: it proves what a token does, and is never kept.

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode};
use pkcs8::PrivateKeyInfoRef;
use spki::AlgorithmIdentifierRef;

use crate::hsm::prove::curve_params;
use crate::model::MaterialKind;
use crate::model::key_spec::Curve;
use crate::wrap;

/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// A 2048-bit RSA private key, PKCS#8 DER.
const RSA_2048: &[u8] = include_bytes!("rsa_2048.p8");

/// The kind whose sample stands for this kind too: a token that takes one size of RSA key takes the others.
pub(in crate::hsm) fn standing_for(kind: MaterialKind) -> MaterialKind {
    match kind {
        MaterialKind::Rsa(_) => MaterialKind::Rsa(2048),
        other => other,
    }
}

/// The sample for this kind of material.
pub(in crate::hsm) fn material(kind: MaterialKind) -> Result<wrap::Material, wrap::Error> {
    match kind {
        MaterialKind::Aes256 | MaterialKind::Hmac(_) => {
            let bytes: Vec<u8> = (1..=u8::MAX).take(kind.secret_bytes().unwrap_or(0)).collect();
            wrap::material(kind, &bytes)
        }
        MaterialKind::Rsa(_) => wrap::material(kind, RSA_2048),
        MaterialKind::Ec(curve) => wrap::material(kind, &ec_private_key(curve).unwrap_or_default()),
    }
}

/// Modulus and public exponent of the RSA sample: a public key whose private half anybody has.
pub(in crate::hsm) fn rsa_public_half() -> Option<(Vec<u8>, Vec<u8>)> {
    let info = PrivateKeyInfoRef::from_der(RSA_2048).ok()?;
    let key = pkcs1::RsaPrivateKeyRef::from_der(info.private_key.as_bytes()).ok()?;
    Some((key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec()))
}

/// PKCS#8 without the public point, so that P-521's fits the smallest wrapping key under every hash.
fn ec_private_key(curve: Curve) -> der::Result<Vec<u8>> {
    let mut scalar = vec![0; curve.field_bytes()];
    if let Some(last) = scalar.last_mut() {
        *last = 7;
    }
    let private_key = sec1::EcPrivateKey { private_key: &scalar, parameters: None, public_key: None }.to_der()?;
    let named_curve: ObjectIdentifier = ObjectIdentifier::from_der(curve_params(curve))?;
    let algorithm = AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some((&named_curve).into()) };
    PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&private_key)?).to_der()
}

//! Public points, for the five curves.

use ::p256::elliptic_curve::sec1::ToSec1Point;
use ::p256::pkcs8::DecodePublicKey;

use super::Error;
use crate::model::key_spec::Curve;

/// The point of an EC key on this curve that `spki_der`, a DER SubjectPublicKeyInfo, is: uncompressed (SEC 1 §2.3.3), and known to
/// be on the curve and not at infinity.
///
/// # Errors
/// Where it is none.
pub fn point(curve: Curve, spki_der: &[u8]) -> Result<Vec<u8>, Error> {
    let malformed = |_| Error::Malformed;
    Ok(match curve {
        Curve::P256 => {
            p256::PublicKey::from_public_key_der(spki_der).map_err(malformed)?.to_sec1_point(false).as_bytes().to_vec()
        }
        Curve::P384 => {
            p384::PublicKey::from_public_key_der(spki_der).map_err(malformed)?.to_sec1_point(false).as_bytes().to_vec()
        }
        Curve::P521 => {
            p521::PublicKey::from_public_key_der(spki_der).map_err(malformed)?.to_sec1_point(false).as_bytes().to_vec()
        }
        Curve::K256 => {
            k256::PublicKey::from_public_key_der(spki_der).map_err(malformed)?.to_sec1_point(false).as_bytes().to_vec()
        }
        Curve::Sm2 => {
            sm2::PublicKey::from_public_key_der(spki_der).map_err(malformed)?.to_sec1_point(false).as_bytes().to_vec()
        }
    })
}

macro_rules! verify {
    ($curve:ident, $spki:expr, $digest:expr, $signature:expr) => {{
        use $curve::ecdsa::signature::hazmat::PrehashVerifier;
        use $curve::ecdsa::{Signature, VerifyingKey};
        let key = VerifyingKey::from_public_key_der($spki).map_err(|_| Error::Malformed)?;
        let Ok(signature) = Signature::from_der($signature) else { return Ok(false) };
        // secp256k1's verifier takes the lower of the two valid s only; ECDSA knows no such rule.
        key.verify_prehash($digest, &signature.normalize_s()).is_ok() || key.verify_prehash($digest, &signature).is_ok()
    }};
}

/// Whether a DER ECDSA signature (RFC 3279 §2.2.3) of a digest is this key's.
///
/// # Errors
/// Where it is no key on this curve.
pub fn verify_ecdsa(curve: Curve, spki_der: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, Error> {
    Ok(match curve {
        Curve::P256 => verify!(p256, spki_der, digest, signature),
        Curve::P384 => verify!(p384, spki_der, digest, signature),
        Curve::P521 => verify!(p521, spki_der, digest, signature),
        Curve::K256 => verify!(k256, spki_der, digest, signature),
        // Nobody signs so with such a key: SM2 has a signature of its own.
        Curve::Sm2 => return Err(Error::Malformed),
    })
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::signature::hazmat::PrehashSigner;
    use k256::ecdsa::{Signature, SigningKey};
    use k256::pkcs8::EncodePublicKey;

    use super::*;

    #[test]
    fn of_the_two_signatures_that_ecdsa_leaves_open_either_is_good_and_no_other() {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let spki = key.verifying_key().to_public_key_der().unwrap();
        let digest = [9; 32];
        let low: Signature = PrehashSigner::<Signature>::sign_prehash(&key, &digest).unwrap().normalize_s();
        let high = Signature::from_scalars(low.r().to_bytes(), (-*low.s()).to_bytes()).unwrap();
        assert_ne!(low, high);
        for signature in [low, high] {
            let verified = |digest: &[u8]| verify_ecdsa(Curve::K256, spki.as_bytes(), digest, signature.to_der().as_bytes());
            assert_eq!(verified(&digest), Ok(true));
            assert_eq!(verified(&[8; 32]), Ok(false));
        }
        assert_eq!(verify_ecdsa(Curve::P256, spki.as_bytes(), &digest, low.to_der().as_bytes()), Err(Error::Malformed));
        assert_eq!(point(Curve::P256, spki.as_bytes()), Err(Error::Malformed), "of another curve");
        assert_eq!(point(Curve::K256, spki.as_bytes()).unwrap().len(), 65);
    }
}

//! Arithmetic with public points, for the five curves.

use crate::model::key_spec::Curve;

/// CKA_EC_PARAMS of a named curve: its DER object identifier (PKCS#11 3.0, "Elliptic curve").
pub(in crate::hsm) fn params(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
        Curve::K256 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a],
        Curve::Sm2 => &[0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d],
    }
}

/// The length of what is signed to prove a key: a hash that goes with the curve.
pub(super) fn digest_bytes(curve: Curve) -> usize {
    curve.field_bytes().min(64)
}

macro_rules! on_curve {
    ($curve:expr, $module:ident => $body:expr) => {
        on_curve!($curve, $module => $body, {
            use sm2 as $module;
            $body
        })
    };
    ($curve:expr, $module:ident => $body:expr, $on_sm2:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $module;
                $body
            }
            Curve::P384 => {
                use p384 as $module;
                $body
            }
            Curve::P521 => {
                use p521 as $module;
                $body
            }
            Curve::K256 => {
                use k256 as $module;
                $body
            }
            Curve::Sm2 => $on_sm2,
        }
    };
}

/// The base point, uncompressed (SEC 1 §2.3.3).
pub(in crate::hsm) fn base_point(curve: Curve) -> Vec<u8> {
    use p256::elliptic_curve::sec1::ToSec1Point;
    on_curve!(curve, c => c::AffinePoint::GENERATOR.to_sec1_point(false).as_bytes().to_vec())
}

/// The points with this x, uncompressed: two, or none where x is on no point of the curve.
pub(in crate::hsm) fn points_at(curve: Curve, x: &[u8]) -> Vec<Vec<u8>> {
    use p256::elliptic_curve::sec1::ToSec1Point;
    let at = |sign: u8| {
        let compressed: Vec<u8> = std::iter::once(sign).chain(x.iter().copied()).collect();
        on_curve!(curve, c => c::PublicKey::from_sec1_bytes(&compressed).ok().map(|key| key.to_sec1_point(false).as_bytes().to_vec()))
    };
    [2, 3].into_iter().filter_map(at).collect()
}

/// Whether `signature` (r ‖ s) is this point's over `digest`.
pub(super) fn verifies(curve: Curve, point: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    on_curve!(curve, c => {
        use c::ecdsa::signature::hazmat::PrehashVerifier;
        let (Ok(key), Ok(signature)) =
            (c::ecdsa::VerifyingKey::from_sec1_bytes(point), c::ecdsa::Signature::from_slice(signature)) else { return false };
        // secp256k1's verifier takes the lower of the two valid s only; tokens give either.
        key.verify_prehash(digest, &signature.normalize_s()).is_ok() || key.verify_prehash(digest, &signature).is_ok()
    }, verifies_on_sm2(point, digest, signature).unwrap_or(false))
}

/// ECDSA (FIPS 186-5 §6.4.2) on the SM2 curve: no library does it, for SM2 has a signature of its own, which no token makes. Here it only
/// proves a key.
fn verifies_on_sm2(point: &[u8], digest: &[u8], signature: &[u8]) -> Option<bool> {
    use sm2::elliptic_curve::ops::Reduce;
    use sm2::elliptic_curve::point::AffineCoordinates;
    use sm2::{FieldBytes, NonZeroScalar, ProjectivePoint, PublicKey, Scalar};

    let key = PublicKey::from_sec1_bytes(point).ok()?.to_projective();
    let (r, s) = signature.split_at_checked(32)?;
    let (r, s) = (NonZeroScalar::try_from(r).ok()?, NonZeroScalar::try_from(s).ok()?);
    let reduced = |bytes: &FieldBytes| <Scalar as Reduce<FieldBytes>>::reduce(bytes);
    let digest = reduced(&FieldBytes::try_from(digest).ok()?);
    let inverse = Option::<Scalar>::from(s.invert())?;
    let sum = ProjectivePoint::GENERATOR * (digest * inverse) + key * (*r * inverse);
    Some(reduced(&sum.to_affine().x()) == *r)
}

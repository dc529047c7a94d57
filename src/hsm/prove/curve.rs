//! Arithmetic with public points, for the four curves.

use crate::model::key_spec::Curve;

/// CKA_EC_PARAMS of a named curve: its DER object identifier (PKCS#11 3.0, "Elliptic curve").
pub(in crate::hsm) fn params(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
        Curve::K256 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a],
    }
}

/// The length of what is signed to prove a key: a hash that goes with the curve.
pub(super) fn digest_bytes(curve: Curve) -> usize {
    curve.field_bytes().min(64)
}

macro_rules! on_curve {
    ($curve:expr, $module:ident => $body:expr) => {
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
        }
    };
}

/// The base point, uncompressed (SEC 1 §2.3.3).
pub(super) fn base_point(curve: Curve) -> Vec<u8> {
    use p256::elliptic_curve::sec1::ToSec1Point;
    on_curve!(curve, c => c::AffinePoint::GENERATOR.to_sec1_point(false).as_bytes().to_vec())
}

/// The points with this x, uncompressed: two, or none where x is on no point of the curve.
pub(super) fn points_at(curve: Curve, x: &[u8]) -> Vec<Vec<u8>> {
    let at = |sign: u8| {
        let compressed: Vec<u8> = std::iter::once(sign).chain(x.iter().copied()).collect();
        on_curve!(curve, c => c::ecdsa::VerifyingKey::from_sec1_bytes(&compressed).ok().map(|key| key.to_sec1_point(false).as_bytes().to_vec()))
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
    })
}

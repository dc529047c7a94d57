//! The five curves: their names in DER, and the point that belongs to a scalar.

use der::oid::ObjectIdentifier;
use p256::elliptic_curve::sec1::ToSec1Point;

use crate::model::key_spec::Curve;

/// The curve's name in DER (RFC 5480 §2.1.1.1, SEC 2).
pub(super) fn oid(curve: Curve) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(match curve {
        Curve::P256 => "1.2.840.10045.3.1.7",
        Curve::P384 => "1.3.132.0.34",
        Curve::P521 => "1.3.132.0.35",
        Curve::K256 => "1.3.132.0.10",
        Curve::Sm2 => "1.2.156.10197.1.301",
    })
}

/// The curve of that name.
pub(super) fn named(name: ObjectIdentifier) -> Option<Curve> {
    Curve::ALL.iter().copied().find(|curve| oid(*curve) == name)
}

/// The greatest scalar of a private key, n being the order of the group. Of SM2's it is one less, for 1 + d must have an inverse
/// (GB/T 32918.1 §6.1).
pub(super) fn greatest_scalar(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 | Curve::P384 | Curve::P521 | Curve::K256 => "n - 1",
        Curve::Sm2 => "n - 2",
    }
}

/// The uncompressed public point of a scalar of exactly [`Curve::field_bytes`]; `None` where it is not within 1 and the greatest.
pub(super) fn public_point(curve: Curve, scalar: &[u8]) -> Option<Vec<u8>> {
    // `from_slice` pads a short scalar; ours is never to be padded.
    if scalar.len() != curve.field_bytes() {
        return None;
    }
    Some(match curve {
        Curve::P256 => p256::SecretKey::from_slice(scalar).ok()?.public_key().to_sec1_point(false).as_bytes().to_vec(),
        Curve::P384 => p384::SecretKey::from_slice(scalar).ok()?.public_key().to_sec1_point(false).as_bytes().to_vec(),
        Curve::P521 => p521::SecretKey::from_slice(scalar).ok()?.public_key().to_sec1_point(false).as_bytes().to_vec(),
        Curve::K256 => k256::SecretKey::from_slice(scalar).ok()?.public_key().to_sec1_point(false).as_bytes().to_vec(),
        Curve::Sm2 => {
            let point = sm2::SecretKey::from_slice(scalar).ok()?.public_key();
            // n - 1 is known by its point.
            if point.to_projective() == -sm2::ProjectivePoint::GENERATOR {
                return None;
            }
            point.to_sec1_point(false).as_bytes().to_vec()
        }
    })
}

/// Whether `point` is an uncompressed point on the curve.
pub(super) fn holds(curve: Curve, point: &[u8]) -> bool {
    point.len() == 1 + 2 * curve.field_bytes()
        && point[0] == 4
        && match curve {
            Curve::P256 => p256::PublicKey::from_sec1_bytes(point).is_ok(),
            Curve::P384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
            Curve::P521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
            Curve::K256 => k256::PublicKey::from_sec1_bytes(point).is_ok(),
            Curve::Sm2 => sm2::PublicKey::from_sec1_bytes(point).is_ok(),
        }
}

/// Whether `encoded` is the uncompressed point `point`, in whichever form of SEC 1 §2.3.3: uncompressed, compressed, or
/// the hybrid of both that X9.62 has and the reference calls projective.
pub(super) fn is_same_point(point: &[u8], encoded: &[u8]) -> bool {
    let (Some((4, coordinates)), Some((form, rest))) = (point.split_first(), encoded.split_first()) else { return false };
    let x = &coordinates[..coordinates.len() / 2];
    let y_is_odd = coordinates.last().is_some_and(|last| last & 1 == 1);
    match *form {
        4 => rest == coordinates,
        2 | 3 => rest == x && (*form == 3) == y_is_odd,
        6 | 7 => rest == coordinates && (*form == 7) == y_is_odd,
        _ => false,
    }
}

//! EC private keys, written anew: one form, whatever the file had.

use der::asn1::{AnyRef, OctetStringRef};
use pkcs8::PrivateKeyInfoRef;
use sec1::EcPrivateKey;
use spki::AlgorithmIdentifier;
use zeroize::Zeroizing;

use super::Content;
use crate::model::key_spec::Curve;
use crate::wrap::spki::EC;
use crate::wrap::words::{either, plural};
use crate::wrap::{Error, Locked, curve};

pub(super) const CURVES: &str = "what can be imported is EC on P-256, P-384, P-521 or secp256k1";
const BROKEN: &str = "take another copy of the key";

/// The key of this scalar on this curve, if the points that came along are its own.
///
/// Where the file names no curve, the scalar's length tells it, and the point where two curves have that length. A scalar that
/// lost its leading zeros, or won one, is taken where a point shows that it is the right one.
pub(super) fn key(named: Option<Curve>, scalar: &[u8], points: &[&[u8]]) -> Result<Content, Error> {
    let curve = match named {
        Some(curve) => curve,
        None => guessed(scalar, points)?,
    };
    let fitted = fitted(curve, scalar).filter(|_| scalar.len() == curve.field_bytes() || !points.is_empty());
    let Some(fitted) = fitted else {
        let found = format!("an EC key on {curve} with a scalar of {}, not {}", plural(scalar.len()), curve.field_bytes());
        return Err(Error::unusable(found, BROKEN));
    };
    let point = curve::public_point(curve, &fitted).ok_or_else(|| {
        let greatest = curve::greatest_scalar(curve);
        Error::unusable(format!("an EC key on {curve} whose scalar is not within 1 and {greatest}"), BROKEN)
    })?;
    if points.iter().any(|given| !curve::is_same_point(&point, given)) {
        return Err(Error::unusable(format!("an EC key on {curve} with the public point of another key"), BROKEN));
    }
    let pkcs8 = written(curve, &fitted, &point).map_err(|_| Error::unusable("an EC key that cannot be written", BROKEN))?;
    Ok(Content::Ec { curve, pkcs8 })
}

/// The scalar, as long as a field element.
fn fitted(curve: Curve, scalar: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let zeros = scalar.iter().take_while(|byte| **byte == 0).count();
    let significant = &scalar[zeros..];
    let mut fitted = Zeroizing::new(vec![0; curve.field_bytes()]);
    let start = fitted.len().checked_sub(significant.len())?;
    fitted[start..].copy_from_slice(significant);
    Some(fitted)
}

fn guessed(scalar: &[u8], points: &[&[u8]]) -> Result<Curve, Error> {
    let long_enough: Vec<Curve> = Curve::ALL.iter().copied().filter(|curve| curve.field_bytes() == scalar.len()).collect();
    let belongs = |curve: &Curve| {
        let point = curve::public_point(*curve, scalar);
        points.is_empty() || point.is_some_and(|point| points.iter().all(|given| curve::is_same_point(&point, given)))
    };
    match long_enough.iter().copied().filter(belongs).collect::<Vec<Curve>>()[..] {
        [curve] => Ok(curve),
        [] => Err(Error::unusable("an EC key that names no curve, and is on none that is known here", CURVES)),
        ref several => {
            let found = format!("an EC key that names no curve, and may be on {}", either(several));
            Err(Error::unusable(found, "take a copy that has its public point or the curve's name, as PKCS#8 has"))
        }
    }
}

/// PKCS#8 v1 (RFC 5208), the curve named in it and not again inside (RFC 5915), the point uncompressed: P-384 in 185 bytes, which
/// fit the smallest OAEP.
fn written(curve: Curve, scalar: &[u8], point: &[u8]) -> der::Result<Locked> {
    let inner = super::encoded(&EcPrivateKey { private_key: scalar, parameters: None, public_key: Some(point) })?;
    let name = curve::oid(curve);
    let algorithm = AlgorithmIdentifier { oid: EC, parameters: Some(AnyRef::from(&name)) };
    super::encoded(&PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&inner)?))
}

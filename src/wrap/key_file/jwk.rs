//! JSON Web Keys (RFC 7517, RFC 7518 §6).

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::rsa::{self, Numbers};
use super::{Content, Found, ec, names, text};
use crate::model::key_spec::Curve;
use crate::wrap::{Error, Locked};

/// A key, or a set of keys. What is secret in it is borrowed: no copy is left behind.
#[derive(Deserialize)]
struct Jwk<'a> {
    #[serde(borrow)]
    keys: Option<Vec<Jwk<'a>>>,
    #[serde(borrow)]
    kty: Option<Cow<'a, str>>,
    #[serde(borrow)]
    crv: Option<Cow<'a, str>>,
    x: Option<&'a str>,
    y: Option<&'a str>,
    n: Option<&'a str>,
    e: Option<&'a str>,
    k: Option<&'a str>,
    d: Option<&'a str>,
    p: Option<&'a str>,
    q: Option<&'a str>,
    dp: Option<&'a str>,
    dq: Option<&'a str>,
    qi: Option<&'a str>,
    oth: Option<IgnoredAny>,
}

const WHOLE: &str = "take another copy of the key";

/// Whether it is JSON of an object.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// The private or secret key of the one JWK in it.
///
/// # Errors
/// Where it is none, or not one.
pub(super) fn read(bytes: &[u8]) -> Result<Found, Error> {
    let malformed = |_| Error::unusable("JSON that is no JWK (RFC 7517)", WHOLE);
    let jwk: Jwk<'_> = serde_json::from_slice(bytes).map_err(malformed)?;
    let content = match &jwk.keys {
        None => key(&jwk)?,
        Some(keys) => match keys.as_slice() {
            [only] => key(only)?,
            several => {
                let found = format!("a set of {} JWKs", several.len());
                return Err(Error::unusable(found, "give a file with one of them"));
            }
        },
    };
    Ok(Found::new("JWK", content))
}

fn key(jwk: &Jwk<'_>) -> Result<Content, Error> {
    match (jwk.kty.as_deref(), jwk.d, jwk.k) {
        (Some("oct"), _, Some(k)) => Ok(Content::Secret(member("k", Some(k))?)),
        (Some("RSA" | "EC"), None, _) => Err(Error::unusable("a public key in a JWK", names::PRIVATE)),
        (Some("RSA"), Some(_), _) => rsa(jwk),
        (Some("EC"), Some(_), _) => ec(jwk),
        (Some("OKP"), _, _) => {
            let curve = match jwk.crv.as_deref() {
                Some("Ed25519") => "Ed25519",
                Some("X25519") => "X25519",
                _ => "another curve",
            };
            Err(Error::unusable(format!("a JWK of the type OKP on {curve}"), names::KINDS))
        }
        (Some("oct"), _, None) => Err(missing("k")),
        (Some(_), _, _) => Err(Error::unusable("a JWK of another type than oct, RSA or EC", names::KINDS)),
        (None, _, _) => Err(missing("kty")),
    }
}

fn missing(name: &str) -> Error {
    Error::unusable(format!("a JWK without the member {name:?}"), WHOLE)
}

/// The bytes of a member; none where it is left out.
fn member(name: &str, value: Option<&str>) -> Result<Locked, Error> {
    match value {
        None | Some("") => Ok(Locked::zeroed(0)),
        Some(value) => text::base64(value.as_bytes())
            .ok_or_else(|| Error::unusable(format!("a JWK whose member {name:?} is no base64"), WHOLE)),
    }
}

fn rsa(jwk: &Jwk<'_>) -> Result<Content, Error> {
    if jwk.oth.is_some() {
        return Err(Error::unusable("an RSA key of more than two primes", "make a key of two: this one cannot be imported"));
    }
    let (n, e, d) = (member("n", jwk.n)?, member("e", jwk.e)?, member("d", jwk.d)?);
    let (p, q) = (member("p", jwk.p)?, member("q", jwk.q)?);
    let (dp, dq, qinv) = (member("dp", jwk.dp)?, member("dq", jwk.dq)?, member("qi", jwk.qi)?);
    rsa::key(Numbers { n: &n, e: &e, d: &d, p: &p, q: &q, dp: &dp, dq: &dq, qinv: &qinv })
}

fn ec(jwk: &Jwk<'_>) -> Result<Content, Error> {
    let curve = match jwk.crv.as_deref() {
        Some("P-256") => Curve::P256,
        Some("P-384") => Curve::P384,
        Some("P-521") => Curve::P521,
        Some("secp256k1") => Curve::K256,
        Some(_) => return Err(Error::unusable("a JWK of the type EC on another curve", super::ec::CURVES)),
        None => return Err(missing("crv")),
    };
    let scalar = member("d", jwk.d)?;
    let (x, y) = (member("x", jwk.x)?, member("y", jwk.y)?);
    if x.is_empty() && y.is_empty() {
        return ec::key(Some(curve), &scalar, &[]);
    }
    let padded = |coordinate: &[u8]| {
        let mut field = Zeroizing::new(vec![0; curve.field_bytes().saturating_sub(coordinate.len())]);
        field.extend(coordinate);
        field
    };
    ec::key(Some(curve), &scalar, &[&[&[4], padded(&x).as_slice(), padded(&y).as_slice()].concat()])
}

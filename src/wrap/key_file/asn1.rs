//! Private keys in DER: PKCS#8, PKCS#1, SEC1 and encrypted PKCS#8; and what else in DER people take for one.

use der::asn1::AnyRef;
use der::oid::ObjectIdentifier;
use der::{Decode, Tag, Tagged};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use pkcs8::PrivateKeyInfoRef;
use sec1::{EcParameters, EcPrivateKey};

use super::rsa::{self, Numbers};
use super::shape::{self, Shape};
use super::{Found, Passphrase, ec, encrypted, names};
use crate::model::key_spec::Curve;
use crate::wrap::spki::{EC, RSA};
use crate::wrap::words::plural;
use crate::wrap::{Error, curve};

/// Where DER was found, for the commands that are given with a refusal.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// What `openssl` must be told of it.
    pub(super) inform: &'static str,
    /// The curve that stood beside the key.
    pub(super) curve: Option<Curve>,
}

impl Source {
    pub(super) const DER: Self = Self { inform: "-inform DER ", curve: None };
    pub(super) const PEM: Self = Self { inform: "", curve: None };

    fn malformed(self, what: &str) -> Error {
        let advice = format!("see what openssl says of it: openssl pkey {}-in KEY -noout -check", self.inform);
        Error::unusable(format!("malformed {what}"), advice)
    }

    fn explicit(self) -> Error {
        let advice = format!("name the curve: openssl pkey {}-in KEY -ec_param_enc named_curve -out KEY.pem", self.inform);
        Error::unusable("an EC key with explicit curve parameters", advice)
    }
}

/// The private key that the DER is.
///
/// # Errors
/// Where it is none; each by its name.
pub(super) fn read(der: &[u8], source: Source, passphrase: Passphrase<'_>) -> Result<Found, Error> {
    let (shape, rest) = shape::shape(der).unwrap_or((Shape::Unknown, 0));
    if rest > 0 {
        let found = format!("DER of {} followed by {} more", names::of(shape), plural(rest));
        return Err(Error::unusable(found, "give the key alone"));
    }
    match shape {
        Shape::Pkcs8 => pkcs8(der, source),
        Shape::Pkcs1 => Ok(Found::new("PKCS#1", pkcs1(der, source)?)),
        Shape::Sec1 => Ok(Found::new("SEC1", sec1(der, source.curve, None, source)?)),
        Shape::Encrypted => encrypted::read(der, source, passphrase),
        other => Err(Error::unusable(names::of(other), names::advice(other, source.inform))),
    }
}

pub(super) fn pkcs8(der: &[u8], source: Source) -> Result<Found, Error> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| source.malformed("PKCS#8"))?;
    let public = info.public_key.and_then(|bits| bits.as_bytes());
    let (key, parameters) = (info.private_key.as_bytes(), info.algorithm.parameters);
    let content = match info.algorithm.oid {
        RSA if parameters.is_some_and(|parameters| !parameters.is_null()) => {
            return Err(Error::unusable("an RSA key with algorithm parameters", "write the key anew without them"));
        }
        RSA => {
            let content = pkcs1(key, source)?;
            is_own(key, public)
                .then_some(content)
                .ok_or_else(|| Error::unusable(rsa::INCOHERENT, "take another copy of the key"))?
        }
        EC => sec1(key, named(parameters, source)?.or(source.curve), public, source)?,
        other => return Err(names::unsupported(other)),
    };
    Ok(Found::new("PKCS#8", content))
}

/// Whether the public key beside an RSA private key (RFC 5958), if there is one, is its own.
fn is_own(private: &[u8], public: Option<&[u8]>) -> bool {
    let Some(public) = public else { return true };
    match (RsaPrivateKeyRef::from_der(private), RsaPublicKeyRef::from_der(public)) {
        (Ok(private), Ok(public)) => (private.modulus, private.public_exponent) == (public.modulus, public.public_exponent),
        _ => false,
    }
}

fn pkcs1(der: &[u8], source: Source) -> Result<super::Content, Error> {
    let key = RsaPrivateKeyRef::from_der(der).map_err(|_| source.malformed("PKCS#1"))?;
    if key.version() != pkcs1::Version::TwoPrime {
        return Err(Error::unusable("an RSA key of more than two primes", "make a key of two: this one cannot be imported"));
    }
    rsa::key(Numbers::of(&key))
}

/// The curve that parameters name, if there are any.
pub(super) fn named(parameters: Option<AnyRef<'_>>, source: Source) -> Result<Option<Curve>, Error> {
    let Some(parameters) = parameters else { return Ok(None) };
    match parameters.decode_as::<ObjectIdentifier>() {
        Ok(name) => curve::named(name).map(Some).ok_or_else(|| names::foreign_curve(name)),
        Err(_) if parameters.tag() == Tag::Sequence => Err(source.explicit()),
        Err(_) => Err(source.malformed("curve parameters")),
    }
}

fn sec1(der: &[u8], outer: Option<Curve>, public: Option<&[u8]>, source: Source) -> Result<super::Content, Error> {
    let key = EcPrivateKey::from_der(der)
        .map_err(|_| if has_explicit_curve(der) { source.explicit() } else { source.malformed("SEC1") })?;
    let inner = match key.parameters.and_then(EcParameters::named_curve) {
        Some(name) => Some(curve::named(name).ok_or_else(|| names::foreign_curve(name))?),
        None => None,
    };
    if let (Some(outer), Some(inner)) = (outer, inner)
        && outer != inner
    {
        return Err(Error::unusable(
            format!("an EC key that names two curves, {outer} and {inner}"),
            "take another copy of the key",
        ));
    }
    let points: Vec<&[u8]> = key.public_key.into_iter().chain(public).collect();
    ec::key(outer.or(inner), key.private_key, &points)
}

/// Whether an ECPrivateKey (RFC 5915) spells its curve out: a sequence in place of the name.
fn has_explicit_curve(der: &[u8]) -> bool {
    shape::elements_of(der).iter().any(|element| {
        matches!(element.tag(), Tag::ContextSpecific { number: der::TagNumber(0), .. })
            && element.value().first() == Some(&0x30)
    })
}

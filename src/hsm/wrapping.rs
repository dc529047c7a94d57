//! Making wrapping key pairs.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use der::Decode;
use der::asn1::OctetStringRef;

use super::fault::{Meaning, meaning};
use super::prove::curve_params;
use super::session_object::SessionObject;
use super::{Error, Token, templates};
use crate::model::key_spec::Curve;
use crate::model::{ObjectId, ObjectKind, PairKind, PairUse};
use crate::wrap::spki;

/// A wrapping key pair on the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The public half, DER SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// How long the token took.
    pub took: Duration,
}

impl Token {
    /// Makes a wrapping key pair, keeps the private half on the token under `id` and returns the public half.
    ///
    /// # Errors
    /// Where the token does not do it, or makes a key that is not hidden. Nothing is left behind then.
    pub fn make_wrapping_key(&self, id: &ObjectId, kind: PairKind) -> Result<Made, Error> {
        let began = Instant::now();
        let pair = self.wrapping_pair(kind);
        self.note_making(&pair);
        let (private, spki) = pair?;
        crate::failpoint::reach("issue.generated");
        let usage = templates::wrapping_key_usage(kind.pair_use);
        self.keep(&private, id, &templates::to_stay(id, ObjectKind::WrappingKey), &usage)?;
        crate::failpoint::reach("issue.kept");
        Ok(Made { spki, took: began.elapsed() })
    }

    /// Some modules come to where they use keys and make none, until they are initialised anew.
    fn note_making<T>(&self, made: &Result<T, Error>) {
        match made {
            Ok(_) => self.shared.unmade.store(0, Ordering::Relaxed),
            Err(Error::Failed(said)) if meaning(said) == Meaning::Doubtful => {
                self.shared.unmade.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
    }

    /// Makes a wrapping key pair for this session only.
    pub(super) fn wrapping_pair(&self, kind: PairKind) -> Result<(SessionObject<'_>, Vec<u8>), Error> {
        let PairKind { spec, pair_use } = kind;
        let (private, spki) = match spec.modulus_bytes() {
            Some(bytes) => {
                let (_public, private) = self.rsa_pair(bytes * 8, &templates::wrapping_key(pair_use), Some(pair_use))?;
                let (modulus, exponent) = self.rsa_public_half(private.handle)?;
                (private, spki::rsa(&modulus, &exponent))
            }
            None => {
                let (public, private) = self.sm2_pair(pair_use)?;
                let point = self.public_point(&public)?;
                (private, spki::ec(Curve::Sm2, &point))
            }
        };
        self.require_hidden(private.handle, None)?;
        Ok((private, spki.map_err(|error| Error::Misbehaved(error.to_string()))?))
    }

    fn sm2_pair(&self, pair_use: PairUse) -> Result<(SessionObject<'_>, SessionObject<'_>), Error> {
        let mut public = templates::public_half();
        public.push(Attribute::EcParams(curve_params(Curve::Sm2).to_vec()));
        self.bound_pair(&Mechanism::EccKeyPairGen, &public, &templates::wrapping_key(pair_use), pair_use)
    }

    /// The point of a public half, uncompressed.
    fn public_point(&self, public: &SessionObject<'_>) -> Result<Vec<u8>, Error> {
        let shown = self.session.get_attributes(public.handle, &[AttributeType::EcPoint])?;
        let point = shown.into_iter().find_map(|attribute| match attribute {
            Attribute::EcPoint(point) => Some(point),
            _ => None,
        });
        let shown = point.ok_or_else(|| Error::Misbehaved("it does not show a public point".to_owned()))?;
        Ok(point_of(Curve::Sm2, &shown).to_vec())
    }

    fn rsa_pair(
        &self,
        bits: usize,
        private: &[Attribute],
        pair_use: Option<PairUse>,
    ) -> Result<(SessionObject<'_>, SessionObject<'_>), Error> {
        let mut public = templates::public_half();
        public.extend([Attribute::ModulusBits((bits as u64).into()), Attribute::PublicExponent(vec![1, 0, 1])]);
        let mechanism = Mechanism::RsaPkcsKeyPairGen;
        match pair_use {
            Some(pair_use) => self.bound_pair(&mechanism, &public, private, pair_use),
            None => Ok(self.generate_pair(&mechanism, &public, private)?),
        }
    }

    fn generate_pair(
        &self,
        mechanism: &Mechanism<'_>,
        public: &[Attribute],
        private: &[Attribute],
    ) -> Result<(SessionObject<'_>, SessionObject<'_>), Pkcs11Error> {
        let (public, private) = self.session.generate_key_pair(mechanism, public, private)?;
        Ok((SessionObject::new(self, public), SessionObject::new(self, private)))
    }

    /// Makes a pair whose private half is bound to the mechanism of its use.
    fn bound_pair(
        &self,
        mechanism: &Mechanism<'_>,
        public: &[Attribute],
        private: &[Attribute],
        pair_use: PairUse,
    ) -> Result<(SessionObject<'_>, SessionObject<'_>), Error> {
        let generate = |private: &[Attribute]| self.generate_pair(mechanism, public, private);
        let mut bound = private.to_vec();
        bound.push(templates::wrapping_key_mechanism(pair_use));
        match generate(&bound) {
            // Tokens that do not know CKA_ALLOWED_MECHANISMS say so in one of these ways; the usage flags bind there too.
            Err(Pkcs11Error::Pkcs11(
                RvError::AttributeTypeInvalid | RvError::TemplateInconsistent | RvError::GeneralError,
                _,
            )) => Ok(generate(private)?),
            made => Ok(made?),
        }
    }

    /// Makes an RSA pair that stays in the session; `private` says what the private half may do.
    pub(super) fn rsa_material(&self, bits: usize, private: &[Attribute]) -> Result<SessionObject<'_>, Error> {
        self.rsa_pair(bits, private, None).map(|(_public, private)| private)
    }

    /// Modulus and public exponent, big-endian without leading zeros; empty where the key has none.
    pub(super) fn rsa_public_half(&self, key: ObjectHandle) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let attributes = self.session.get_attributes(key, &[AttributeType::Modulus, AttributeType::PublicExponent])?;
        let (mut modulus, mut exponent) = (Vec::new(), Vec::new());
        for attribute in attributes {
            match attribute {
                Attribute::Modulus(bytes) => modulus = without_leading_zeros(bytes),
                Attribute::PublicExponent(bytes) => exponent = without_leading_zeros(bytes),
                _ => {}
            }
        }
        Ok((modulus, exponent))
    }
}

/// The point that is shown as CKA_EC_POINT: its DER OCTET STRING as a rule, and of some tokens the point itself. Of that the first byte is
/// an OCTET STRING's tag too, and the second may be right for its length; but the DER of an uncompressed point is longer than the point.
fn point_of(curve: Curve, shown: &[u8]) -> &[u8] {
    match shown.first() {
        Some(0x04) if shown.len() == 1 + 2 * curve.field_bytes() => shown,
        _ => <&OctetStringRef>::from_der(shown).map_or(shown, OctetStringRef::as_bytes),
    }
}

pub(super) fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_taken_as_it_is_where_it_could_be_read_as_der() {
        let mut point = [7; 65];
        // 63 bytes follow the two: as DER it would be an OCTET STRING.
        (point[0], point[1]) = (0x04, 63);
        assert_eq!(point_of(Curve::Sm2, &point), point);
        point[1] = 7;
        assert_eq!(point_of(Curve::Sm2, &point), point);
        assert_eq!(point_of(Curve::Sm2, &[&[0x04, 65], &point[..]].concat()), point);
    }
}

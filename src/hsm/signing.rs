//! Keys that sign statements, and what the token says of the keys that statements are about.
//!
//! Of a signing key only the private half is kept. Its public half is recovered from signatures, so that whoever has it knows
//! that the key signs, and no token need show it: many do not.

use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use super::prove::{base_point, challenge, curve_params, points_at};
use super::session_object::SessionObject;
use super::wrapping::without_leading_zeros;
use super::{Error, Token, templates};
use crate::model::key_spec::Curve;
use crate::model::{KeyAttribute, KeyAttributes, ObjectId, ObjectKind};
use crate::wrap::spki;

/// What a token without it cannot be used for at all.
const SIGNING: &str = "CKM_EC_KEY_PAIR_GEN on P-256, which attestations, receipts and the audit log are signed with";

impl Token {
    /// Makes a key that signs statements and keeps it under `id`: EC on P-256.
    ///
    /// # Errors
    /// Where the token does not do it. Nothing is left behind then.
    pub fn make_signing_key(&self, id: &ObjectId, kind: ObjectKind) -> Result<(), Error> {
        let mut public = templates::public_half();
        public.push(Attribute::EcParams(curve_params(Curve::P256).to_vec()));
        let made = self.session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &templates::signing_key());
        let (public, private) = made.map_err(|error| match error {
            // openCryptoki's software token, as Debian builds it.
            Pkcs11Error::Pkcs11(RvError::MechanismInvalid, _) => Error::Lacks(SIGNING),
            error => Error::from(error),
        })?;
        let (_public, private) = (SessionObject::new(self, public), SessionObject::new(self, private));
        self.require_hidden(private.handle, None)?;
        self.keep(&private, id, &templates::to_stay(id, kind), &templates::signing_key_usage())
    }

    /// The signature of a digest: ECDSA on P-256, r and s of 32 bytes each.
    ///
    /// # Errors
    /// Where the token does not do it.
    pub fn sign(&self, id: &ObjectId, digest: &[u8; 32]) -> Result<[u8; 64], Error> {
        let signature = self.with_object(id, |key| self.session.sign(&Mechanism::Ecdsa, key, digest))?;
        signature.try_into().map_err(|_| Error::Misbehaved("a signature on P-256 of another length than 64".to_owned()))
    }

    /// The public half of a signing key, DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// Where the token does not sign, or not with one key on P-256.
    pub fn signing_public_key(&self, id: &ObjectId) -> Result<Vec<u8>, Error> {
        let mut candidates = Vec::new();
        // One signature fits several keys; two fit one.
        for round in 0..2 {
            let digest = challenge(32)?.try_into().map_err(|_| Error::Host("no 32 random bytes".to_owned()))?;
            let signature = self.sign(id, &digest)?;
            let Ok(signature) = Signature::from_slice(&signature) else { return Err(no_signature()) };
            if round == 0 {
                let ids = (0..=RecoveryId::MAX).filter_map(RecoveryId::from_byte);
                candidates.extend(ids.filter_map(|id| VerifyingKey::recover_from_prehash(&digest, &signature, id).ok()));
            }
            candidates.retain(|key| key.verify_prehash(&digest, &signature).is_ok());
        }
        let [key] = &candidates[..] else { return Err(no_signature()) };
        spki::ec(Curve::P256, key.to_sec1_point(false).as_bytes()).map_err(|_| no_signature())
    }

    /// What the token says of a key.
    ///
    /// # Errors
    /// Where it says nothing, or has no such key.
    pub fn key_attributes(&self, id: &ObjectId) -> Result<KeyAttributes, Error> {
        Ok(attributes_of(&self.shown(id, &[])?))
    }

    /// What the token says of a wrapping key's private half, where it shows it to be that of this public half, DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// As [`Token::key_attributes`], and where it is another's.
    pub fn look_at_pair(&self, id: &ObjectId, spki: &[u8]) -> Result<KeyAttributes, Error> {
        let shown = self.shown(id, &[AttributeType::Modulus, AttributeType::PublicExponent])?;
        let (mut modulus, mut exponent) = (Vec::new(), Vec::new());
        for attribute in &shown {
            match attribute {
                Attribute::Modulus(bytes) => modulus = without_leading_zeros(bytes.clone()),
                Attribute::PublicExponent(bytes) => exponent = without_leading_zeros(bytes.clone()),
                _ => {}
            }
        }
        let halves = if modulus.is_empty() {
            // Many tokens do not show the point of a private half; ECDH with the base point does, but for the sign of y.
            let base = base_point(Curve::Sm2);
            let derived = self.with_object(id, |key| self.derive_shared(key, Curve::Sm2, &base))?;
            let x = self.coordinate(&derived, Curve::Sm2)?;
            points_at(Curve::Sm2, &x).iter().map(|point| spki::ec(Curve::Sm2, point)).collect()
        } else {
            vec![spki::rsa(&modulus, &exponent)]
        };
        // Of another key what is stated would be true, and of no use.
        if halves.iter().any(|half| half.as_deref() == Ok(spki)) {
            Ok(attributes_of(&shown))
        } else {
            Err(Error::Misbehaved("it shows another wrapping key than is on record".to_owned()))
        }
    }

    fn shown(&self, id: &ObjectId, more: &[AttributeType]) -> Result<Vec<Attribute>, Error> {
        let asked: Vec<AttributeType> = KeyAttribute::ALL.iter().map(|attribute| asked(*attribute)).collect();
        let asked = [&asked, more].concat();
        self.with_object(id, |key| self.session.get_attributes(key, &asked))
    }
}

fn no_signature() -> Error {
    Error::Misbehaved("its signatures are not of one key on P-256".to_owned())
}

fn asked(attribute: KeyAttribute) -> AttributeType {
    match attribute {
        KeyAttribute::AlwaysSensitive => AttributeType::AlwaysSensitive,
        KeyAttribute::Decrypt => AttributeType::Decrypt,
        KeyAttribute::Derive => AttributeType::Derive,
        KeyAttribute::Encrypt => AttributeType::Encrypt,
        KeyAttribute::Extractable => AttributeType::Extractable,
        KeyAttribute::Local => AttributeType::Local,
        KeyAttribute::NeverExtractable => AttributeType::NeverExtractable,
        KeyAttribute::Private => AttributeType::Private,
        KeyAttribute::Sensitive => AttributeType::Sensitive,
        KeyAttribute::Sign => AttributeType::Sign,
        KeyAttribute::Token => AttributeType::Token,
        KeyAttribute::Unwrap => AttributeType::Unwrap,
        KeyAttribute::Verify => AttributeType::Verify,
        KeyAttribute::Wrap => AttributeType::Wrap,
    }
}

fn attributes_of(shown: &[Attribute]) -> KeyAttributes {
    KeyAttributes::of(|attribute| {
        let wanted = asked(attribute);
        shown.iter().filter(|shown| shown.attribute_type() == wanted).find_map(|shown| match shown {
            Attribute::AlwaysSensitive(yes)
            | Attribute::Decrypt(yes)
            | Attribute::Derive(yes)
            | Attribute::Encrypt(yes)
            | Attribute::Extractable(yes)
            | Attribute::Local(yes)
            | Attribute::NeverExtractable(yes)
            | Attribute::Private(yes)
            | Attribute::Sensitive(yes)
            | Attribute::Sign(yes)
            | Attribute::Token(yes)
            | Attribute::Unwrap(yes)
            | Attribute::Verify(yes)
            | Attribute::Wrap(yes) => Some(*yes),
            _ => None,
        })
    })
}

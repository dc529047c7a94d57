//! The ways out of a token that are tried: read, copied soft, wrapped out, made soft.

use cryptoki::error::Error as Pkcs11Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};

use crate::hsm::mechanism::{KeyWrap, oaep};
use crate::hsm::probe::samples;
use crate::hsm::session_object::SessionObject;
use crate::hsm::{Error, Token};
use crate::model::OaepHash;

/// Attributes that hold a key, or from which it can be computed.
const SECRETS: [AttributeType; 7] = [
    AttributeType::Value,
    AttributeType::PrivateExponent,
    AttributeType::Prime1,
    AttributeType::Prime2,
    AttributeType::Exponent1,
    AttributeType::Exponent2,
    AttributeType::Coefficient,
];

/// What makes a key soft, and how that is said.
const SOFT: [(Attribute, &str); 2] =
    [(Attribute::Extractable(true), "extractable"), (Attribute::Sensitive(false), "readable")];

/// A way, and how the token refused, if it did.
type Tried = (String, Option<String>);

/// Keys to wrap others out with, as anybody can make or bring them who may use the token.
pub(super) struct Ways<'t> {
    token: &'t Token,
    /// Absent where the token does not have such a key wrap anything; then it wraps nothing out either.
    aes: Option<SessionObject<'t>>,
    rsa: Option<SessionObject<'t>>,
}

impl<'t> Ways<'t> {
    pub(super) fn of(token: &'t Token) -> Result<Self, Error> {
        let aes = token.session.generate_key(
            &Mechanism::AesKeyGen,
            &[
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::KeyType(KeyType::AES),
                Attribute::Token(false),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::ValueLen(32.into()),
                // What some tokens call wrapping by a mechanism that encrypts.
                Attribute::Encrypt(true),
                Attribute::Wrap(true),
            ],
        );
        let rsa = match samples::rsa_public_half() {
            Some((modulus, exponent)) => unless_refused(token.session.create_object(&[
                Attribute::Class(ObjectClass::PUBLIC_KEY),
                Attribute::KeyType(KeyType::RSA),
                Attribute::Token(false),
                Attribute::Private(false),
                Attribute::Encrypt(true),
                Attribute::Wrap(true),
                Attribute::Modulus(modulus),
                Attribute::PublicExponent(exponent),
            ]))?,
            None => None,
        };
        let kept = |handle| SessionObject::new(token, handle);
        Ok(Self { token, aes: unless_refused(aes)?.map(kept), rsa: rsa.map(kept) })
    }

    /// Every way, the one that would leave the key soft last.
    pub(super) fn try_on(&self, key: &SessionObject<'_>) -> Result<Vec<Tried>, Error> {
        let session = &self.token.session;
        let mut tried = vec![("read".to_owned(), self.read(key.handle)?)];
        for (soft, name) in SOFT {
            let copied = session.copy_object(key.handle, &[Attribute::Token(false), soft.clone()]);
            let refusal = match refusal(copied)? {
                Ok(copy) => {
                    let copy = SessionObject::new(self.token, copy);
                    self.still_hard(copy.handle, &soft)?
                }
                Err(refusal) => Some(refusal),
            };
            tried.push((format!("copied as {name}"), refusal));
        }
        for (by, mechanism, wrapping_key) in self.wrappings() {
            let wrapped = refusal(session.wrap_key(&mechanism, wrapping_key, key.handle))?;
            // What is wrapped into nothing is not out.
            let refusal = wrapped.map_or_else(Some, |blob| blob.is_empty().then(|| "nothing comes out".to_owned()));
            tried.push((format!("wrapped out by {by}"), refusal));
        }
        for (soft, name) in SOFT {
            let refusal = match refusal(session.update_attributes(key.handle, std::slice::from_ref(&soft)))? {
                Ok(()) => self.still_hard(key.handle, &soft)?,
                Err(refusal) => Some(refusal),
            };
            tried.push((format!("made {name}"), refusal));
        }
        Ok(tried)
    }

    fn read(&self, key: ObjectHandle) -> Result<Option<String>, Error> {
        let shown = match refusal(self.token.session.get_attributes(key, &SECRETS))? {
            Ok(shown) => shown,
            Err(refusal) => return Ok(Some(refusal)),
        };
        let is_out = shown.iter().any(|attribute| match attribute {
            Attribute::Value(secret)
            | Attribute::PrivateExponent(secret)
            | Attribute::Prime1(secret)
            | Attribute::Prime2(secret)
            | Attribute::Exponent1(secret)
            | Attribute::Exponent2(secret)
            | Attribute::Coefficient(secret) => !secret.is_empty(),
            _ => false,
        });
        Ok((!is_out).then(|| "shows nothing".to_owned()))
    }

    /// Whether the token only pretended to make an object soft.
    fn still_hard(&self, object: ObjectHandle, soft: &Attribute) -> Result<Option<String>, Error> {
        let shown = refusal(self.token.session.get_attributes(object, &[soft.attribute_type()]))?;
        let is_soft = shown.is_ok_and(|shown| shown.contains(soft));
        Ok((!is_soft).then(|| "agrees, and does not".to_owned()))
    }

    fn wrappings(&self) -> Vec<(&'static str, Mechanism<'static>, ObjectHandle)> {
        let mut wrappings = Vec::new();
        if let Some(aes) = &self.aes {
            wrappings.extend([
                ("CKM_AES_KEY_WRAP", Mechanism::AesKeyWrap, aes.handle),
                ("CKM_AES_KEY_WRAP_PAD", KeyWrap::Pad.mechanism(), aes.handle),
                ("CKM_AES_KEY_WRAP_KWP", KeyWrap::Kwp.mechanism(), aes.handle),
                ("CKM_AES_CBC_PAD", Mechanism::AesCbcPad([0; 16]), aes.handle),
                ("CKM_AES_CBC", Mechanism::AesCbc([0; 16]), aes.handle),
                ("CKM_AES_ECB", Mechanism::AesEcb, aes.handle),
            ]);
        }
        if let Some(rsa) = &self.rsa {
            wrappings.extend([
                ("CKM_RSA_PKCS_OAEP", oaep(OaepHash::Sha1), rsa.handle),
                ("CKM_RSA_PKCS", Mechanism::RsaPkcs, rsa.handle),
            ]);
        }
        wrappings
    }
}

/// What came of a call, or how the token refused it. That the token is gone is neither.
fn refusal<T>(answer: Result<T, Pkcs11Error>) -> Result<Result<T, String>, Error> {
    match answer.map_err(Error::from) {
        Ok(answer) => Ok(Ok(answer)),
        Err(gone @ Error::Gone(_)) => Err(gone),
        Err(Error::Failed(Pkcs11Error::Pkcs11(code, _)) | Error::Full(Pkcs11Error::Pkcs11(code, _))) => {
            Ok(Err(format!("{code:?}")))
        }
        Err(error) => Ok(Err(error.to_string())),
    }
}

fn unless_refused<T>(answer: Result<T, Pkcs11Error>) -> Result<Option<T>, Error> {
    Ok(refusal(answer)?.ok())
}

//! Wrapping key pairs as the service makes them, by bare PKCS#11 calls.

use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;
use keyferry::model::{ObjectId, ObjectKind};
use keyferry::wrap::spki;

/// A pair of the session: the private half, and the public one as DER SubjectPublicKeyInfo.
pub struct Pair {
    pub private: ObjectHandle,
    pub spki: Vec<u8>,
    public: ObjectHandle,
}

/// What the service keeps of a pair: C_GenerateKeyPair, and what it reads of the private half.
pub fn generate(session: &Session, bits: u64) -> Pair {
    let public = [
        Attribute::Token(false),
        Attribute::Private(false),
        Attribute::Encrypt(false),
        Attribute::Verify(false),
        Attribute::Wrap(false),
        Attribute::ModulusBits(bits.into()),
        Attribute::PublicExponent(vec![1, 0, 1]),
    ];
    let private = [
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Decrypt(false),
        Attribute::Derive(false),
        Attribute::Sign(false),
        Attribute::SignRecover(false),
        Attribute::Unwrap(true),
        Attribute::AllowedMechanisms(vec![MechanismType::RSA_PKCS_OAEP]),
    ];
    let (public, private) = session.generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private).unwrap();
    let shown = session.get_attributes(private, &[AttributeType::Modulus, AttributeType::PublicExponent]).unwrap();
    let [Attribute::Modulus(modulus), Attribute::PublicExponent(exponent)] = &shown[..] else {
        panic!("the token shows no public half: {shown:?}")
    };
    Pair { private, spki: spki::rsa(modulus, exponent).unwrap(), public }
}

impl Pair {
    /// C_CopyObject to the token, under a CKA_ID of its own. A copy is a wrapping key like any other.
    pub fn copy(&self, session: &Session, id: &ObjectId) -> ObjectHandle {
        copy(session, self.private, id, ObjectKind::WrappingKey)
    }

    /// Destroys the session's objects; copies stay.
    pub fn destroy(self, session: &Session) {
        session.destroy_object(self.public).unwrap();
        session.destroy_object(self.private).unwrap();
    }
}

/// C_CopyObject of a session object to the token.
pub fn copy(session: &Session, object: ObjectHandle, id: &ObjectId, kind: ObjectKind) -> ObjectHandle {
    let template = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Id(id.0.to_vec()),
        Attribute::Label(kind.label(id).into_bytes()),
    ];
    session.copy_object(object, &template).unwrap()
}

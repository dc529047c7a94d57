//! The calls that bring one material into the token: unwrapped, proved, copied, read back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use keyferry::model::{ObjectId, ObjectKind};

use super::super::pair;
use crate::measures::imports::Material;

/// The bytes of a modulus of 2048 bits and more: what comes before the part under the AES key.
fn modulus_bytes(session: &Session, key: ObjectHandle) -> usize {
    let shown = session.get_attributes(key, &[AttributeType::Modulus]).unwrap();
    let [Attribute::Modulus(modulus)] = &shown[..] else { panic!("the token shows no modulus: {shown:?}") };
    modulus.len()
}

/// Unwraps and proves.
pub fn unwrap(session: &Session, changing: &Mutex<()>, material: Material, key: ObjectHandle, blob: &[u8]) -> ObjectHandle {
    let params = PkcsOaepParams::new(MechanismType::SHA1, PkcsMgfType::MGF1_SHA1, PkcsOaepSource::empty());
    let (rsa_part, rest) = blob.split_at(modulus_bytes(session, key));
    match material {
        Material::Aes => {
            let object = unwrap_secret(session, params, key, rsa_part, &aes());
            let blocks = [0x5a; 48];
            let encrypted = session.encrypt(&Mechanism::AesEcb, object, &blocks).unwrap();
            assert_eq!(session.decrypt(&Mechanism::AesEcb, object, &encrypted).unwrap(), blocks);
            object
        }
        Material::Hmac => {
            let object = unwrap_secret(session, params, key, rsa_part, &hmac());
            session.sign(&Mechanism::Sha256Hmac, object, &[0x5a; 32]).unwrap();
            object
        }
        Material::P256 => {
            let kek = session.unwrap_key(&Mechanism::RsaPkcsOaep(params), key, rsa_part, &kek()).unwrap();
            is_hidden(session, kek);
            prove_length(session, kek);
            let object = session.unwrap_key(&Mechanism::AesKeyWrapPad, kek, rest, &p256()).unwrap();
            destroy(session, changing, kek);
            is_hidden(session, object);
            is_of_its_kind(session, object);
            session.get_attributes(object, &[AttributeType::EcParams]).unwrap();
            prove_point(session, changing, object);
            for _ in 0..4 {
                session.sign(&Mechanism::Ecdsa, object, &[0x5a; 32]).unwrap();
            }
            object
        }
    }
}

/// Unwraps a secret key, and looks at what it is.
fn unwrap_secret(
    session: &Session,
    params: PkcsOaepParams<'_>,
    key: ObjectHandle,
    blob: &[u8],
    template: &[Attribute],
) -> ObjectHandle {
    let object = session.unwrap_key(&Mechanism::RsaPkcsOaep(params), key, blob, template).unwrap();
    is_hidden(session, object);
    is_of_its_kind(session, object);
    prove_length(session, object);
    object
}

/// Copies to the token and reads back.
pub fn keep(session: &Session, changing: &Mutex<()>, material: Material, object: ObjectHandle, id: &ObjectId) {
    let kept = {
        let _changing = alone(changing);
        pair::copy(session, object, id, ObjectKind::Material)
    };
    is_hidden(session, kept);
    let usage = match material {
        Material::Aes | Material::Hmac => &[
            AttributeType::Decrypt,
            AttributeType::Derive,
            AttributeType::Encrypt,
            AttributeType::Sign,
            AttributeType::Unwrap,
            AttributeType::Verify,
            AttributeType::Wrap,
        ][..],
        Material::P256 => &[
            AttributeType::Decrypt,
            AttributeType::Derive,
            AttributeType::Sign,
            AttributeType::SignRecover,
            AttributeType::Unwrap,
        ],
    };
    session.get_attributes(kept, usage).unwrap();
}

pub fn destroy(session: &Session, changing: &Mutex<()>, object: ObjectHandle) {
    let _changing = alone(changing);
    session.destroy_object(object).unwrap();
}

/// The one that changes the token. One that failed meanwhile has left nothing half done here.
fn alone(changing: &Mutex<()>) -> MutexGuard<'_, ()> {
    changing.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_hidden(session: &Session, object: ObjectHandle) {
    let asked = [AttributeType::Sensitive, AttributeType::Extractable, AttributeType::Id];
    let attributes = session.get_attributes(object, &asked).unwrap();
    assert!(attributes.contains(&Attribute::Sensitive(true)) && attributes.contains(&Attribute::Extractable(false)));
}

fn is_of_its_kind(session: &Session, object: ObjectHandle) {
    session.get_attributes(object, &[AttributeType::Class, AttributeType::KeyType]).unwrap();
}

/// The two digests by which the service knows how long a secret key is.
fn prove_length(session: &Session, key: ObjectHandle) {
    session.get_attributes(key, &[AttributeType::ValueLen]).unwrap();
    for tail in [&[][..], &[0x80; 53]] {
        session.digest_init(&Mechanism::Sha256).unwrap();
        session.digest_key(key).unwrap();
        if !tail.is_empty() {
            session.digest_update(tail).unwrap();
        }
        session.digest_final().unwrap();
    }
}

/// The ECDH with the base point by which the service learns the public half.
fn prove_point(session: &Session, changing: &Mutex<()>, key: ObjectHandle) {
    use p256::elliptic_curve::sec1::ToSec1Point;
    let base = p256::AffinePoint::GENERATOR.to_sec1_point(false);
    let ecdh = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), base.as_bytes()));
    let readable = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::ValueLen(32.into()),
    ];
    let derived = session.derive_key(&ecdh, key, &readable).unwrap();
    session.get_attributes(derived, &[AttributeType::Value]).unwrap();
    destroy(session, changing, derived);
}

fn secret_of_session(class: ObjectClass, key_type: KeyType) -> Vec<Attribute> {
    vec![
        Attribute::Class(class),
        Attribute::KeyType(key_type),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ]
}

fn aes() -> Vec<Attribute> {
    let mut template = secret_of_session(ObjectClass::SECRET_KEY, KeyType::AES);
    template.extend([Attribute::Encrypt(true), Attribute::Decrypt(true)]);
    template.extend([Attribute::Derive(false), Attribute::Sign(false), Attribute::Unwrap(false)]);
    template.extend([Attribute::Verify(false), Attribute::Wrap(false)]);
    template
}

fn hmac() -> Vec<Attribute> {
    let mut template = secret_of_session(ObjectClass::SECRET_KEY, KeyType::GENERIC_SECRET);
    template.extend([Attribute::Sign(true), Attribute::Verify(true), Attribute::Decrypt(false)]);
    template.extend([Attribute::Derive(false), Attribute::Encrypt(false), Attribute::Unwrap(false), Attribute::Wrap(false)]);
    template
}

fn kek() -> Vec<Attribute> {
    let mut template = secret_of_session(ObjectClass::SECRET_KEY, KeyType::AES);
    template.extend([Attribute::Unwrap(true), Attribute::Encrypt(false), Attribute::Decrypt(false)]);
    template.extend([Attribute::Derive(false), Attribute::Sign(false), Attribute::Verify(false), Attribute::Wrap(false)]);
    template
}

fn p256() -> Vec<Attribute> {
    let mut template = secret_of_session(ObjectClass::PRIVATE_KEY, KeyType::EC);
    template.extend([Attribute::Sign(true), Attribute::Derive(true), Attribute::Decrypt(false)]);
    template.extend([Attribute::SignRecover(false), Attribute::Unwrap(false)]);
    template
}

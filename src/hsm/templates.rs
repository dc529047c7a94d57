//! The attributes of every object that keyferry makes, spelled out: tokens differ in what they assume of those left out.
//!
//! Never CKA_VALUE_LEN and never CKA_EC_PARAMS on an unwrap: SoftHSM calls them read-only.

use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, KeyType, ObjectClass};

use crate::model::{KeyUsage, MaterialKind, ObjectId, ObjectKind, PairUse};

/// What makes an object a secret of the token: not readable, not exportable, for this session only.
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

/// What a key may do; all that is not said it may not.
#[derive(Default)]
struct May {
    decrypt: bool,
    derive: bool,
    encrypt: bool,
    sign: bool,
    unwrap: bool,
    verify: bool,
}

impl May {
    /// Every usage flag of a secret key.
    fn secret(self) -> [Attribute; 7] {
        let Self { decrypt, derive, encrypt, sign, unwrap, verify } = self;
        [
            Attribute::Decrypt(decrypt),
            Attribute::Derive(derive),
            Attribute::Encrypt(encrypt),
            Attribute::Sign(sign),
            Attribute::Unwrap(unwrap),
            Attribute::Verify(verify),
            Attribute::Wrap(false),
        ]
    }

    /// Every usage flag of a private key.
    fn private(self) -> [Attribute; 5] {
        let Self { decrypt, derive, encrypt: _, sign, unwrap, verify: _ } = self;
        [
            Attribute::Decrypt(decrypt),
            Attribute::Derive(derive),
            Attribute::Sign(sign),
            Attribute::SignRecover(false),
            Attribute::Unwrap(unwrap),
        ]
    }
}

/// The ephemeral AES key of the hybrid: it unwraps one blob.
pub(super) fn kek() -> Vec<Attribute> {
    let mut template = secret_of_session(ObjectClass::SECRET_KEY, KeyType::AES);
    template.extend(May { unwrap: true, ..May::default() }.secret());
    template
}

/// Material while it is being proved, when it may do more than it will be allowed to.
pub(super) fn material_in_proof(kind: MaterialKind) -> Vec<Attribute> {
    let (class, key_type) = class_and_type(kind);
    let mut template = secret_of_session(class, key_type);
    match kind {
        MaterialKind::Aes256 => template.extend(May { encrypt: true, decrypt: true, ..May::default() }.secret()),
        MaterialKind::Hmac(_) => template.extend(May { sign: true, verify: true, ..May::default() }.secret()),
        MaterialKind::Rsa(_) => template.extend(May { sign: true, decrypt: true, ..May::default() }.private()),
        MaterialKind::Ec(_) => template.extend(May { sign: true, derive: true, ..May::default() }.private()),
    }
    template
}

pub(super) fn class_and_type(kind: MaterialKind) -> (ObjectClass, KeyType) {
    match kind {
        MaterialKind::Aes256 => (ObjectClass::SECRET_KEY, KeyType::AES),
        MaterialKind::Hmac(_) => (ObjectClass::SECRET_KEY, KeyType::GENERIC_SECRET),
        MaterialKind::Rsa(_) => (ObjectClass::PRIVATE_KEY, KeyType::RSA),
        MaterialKind::Ec(_) => (ObjectClass::PRIVATE_KEY, KeyType::EC),
    }
}

/// What the copy that stays on the token has otherwise: its name, and no more than its usage needs.
pub(super) fn material_to_stay(id: &ObjectId, usage: KeyUsage, kind: MaterialKind) -> Vec<Attribute> {
    let mut template = to_stay(id, ObjectKind::Material);
    template.extend(match kind {
        MaterialKind::Aes256 | MaterialKind::Hmac(_) => vec![],
        MaterialKind::Rsa(_) => {
            vec![Attribute::Sign(usage == KeyUsage::SignVerify), Attribute::Decrypt(usage == KeyUsage::EncryptDecrypt)]
        }
        MaterialKind::Ec(_) => {
            vec![Attribute::Sign(usage == KeyUsage::SignVerify), Attribute::Derive(usage == KeyUsage::KeyAgreement)]
        }
    });
    template
}

/// What every copy that stays on the token has: the id that ties it to its record.
pub(super) fn to_stay(id: &ObjectId, kind: ObjectKind) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Id(id.0.to_vec()),
        Attribute::Label(kind.label(id).into_bytes()),
    ]
}

/// The public half of any pair: for this session only, read once, then destroyed.
pub(super) fn public_half() -> Vec<Attribute> {
    vec![
        Attribute::Token(false),
        Attribute::Private(false),
        Attribute::Encrypt(false),
        Attribute::Verify(false),
        Attribute::Wrap(false),
    ]
}

/// The private half of a wrapping key pair: it unwraps, or it decrypts raw, and nothing else.
pub(super) fn wrapping_key(pair_use: PairUse) -> Vec<Attribute> {
    let unwrap = pair_use == PairUse::Unwrap;
    let mut template =
        vec![Attribute::Token(false), Attribute::Private(true), Attribute::Sensitive(true), Attribute::Extractable(false)];
    template.extend(May { unwrap, decrypt: !unwrap, ..May::default() }.private());
    template
}

/// The only mechanism that a wrapping key's private half may be used with. Some tokens do not know the attribute.
pub(super) fn wrapping_key_mechanism(pair_use: PairUse) -> Attribute {
    Attribute::AllowedMechanisms(vec![match pair_use {
        PairUse::Unwrap => MechanismType::RSA_PKCS_OAEP,
        PairUse::RawDecrypt => MechanismType::RSA_X_509,
    }])
}

/// The key that authenticates import tokens.
pub(super) fn mac_key() -> Vec<Attribute> {
    let mut template = secret_of_session(ObjectClass::SECRET_KEY, KeyType::GENERIC_SECRET);
    template.push(Attribute::ValueLen(32.into()));
    template.extend(May { sign: true, verify: true, ..May::default() }.secret());
    template
}

/// The public x coordinate that proves a private EC key: the one secret-key object that is meant to be read.
pub(super) fn readable_coordinate(bytes: usize) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::ValueLen((bytes as u64).into()),
    ]
}
